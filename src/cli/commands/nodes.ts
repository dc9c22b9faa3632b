import { type Command, InvalidArgumentError } from 'commander';
import type { ApiNode } from '#lib/api/node.ts';
import { listNodes } from '#server/nodes/list-nodes.ts';
import { scaleNode, setNodeMode } from '#server/nodes/steer-node.ts';
import { type CliPorts, withContext } from '../cli-context.ts';
import type { TableColumn } from '../format-table.ts';
import { whole } from '../read-arguments.ts';

export const NODE_COLUMNS: TableColumn<ApiNode>[] = [
  { title: 'machine', text: ({ nodeId }) => nodeId },
  { title: 'health', text: ({ status }) => status },
  { title: 'mode', text: ({ mode }) => mode },
  {
    title: 'workers',
    text: ({ activeWorkers, desiredWorkers }) => `${activeWorkers}/${desiredWorkers}`,
    align: 'right',
  },
  { title: 'running', text: ({ activeWork }) => String(activeWork), align: 'right' },
  { title: 'cpu', text: ({ cpuPercent }) => percent(cpuPercent), align: 'right' },
  { title: 'memory', text: ({ memoryPercent }) => percent(memoryPercent), align: 'right' },
  { title: 'disk', text: ({ diskPercent }) => percent(diskPercent), align: 'right' },
  { title: 'why', text: ({ statusReasons }) => statusReasons.join('; ') },
];

const MODES = {
  pause: { mode: 'paused', description: 'let a machine claim nothing more; what runs goes on' },
  drain: { mode: 'draining', description: 'let the workers of a machine finish and leave' },
  resume: { mode: 'active', description: 'let a machine work again' },
} as const;

export function addNodeCommands(program: Command, ports: CliPorts): void {
  const nodes = program.command('nodes').description('see and steer the machines');
  nodes
    .command('list')
    .description('the machines with a manager')
    .action(() =>
      withContext(ports, async ({ db, output }) =>
        output.list(await listNodes(db), NODE_COLUMNS, 'No machine runs workers.'),
      ),
    );
  nodes
    .command('scale')
    .description('say how many workers a machine shall have')
    .argument('<machine>', 'its name, as "nodes list" shows it')
    .argument('<workers>', 'a number, or "default" for as many as it was started with', workerCount)
    .action((nodeId: string, workers: number | null) =>
      withContext(ports, async (context) => {
        const node = await scaleNode(context, nodeId, workers);
        context.output.answer(node, () => [`${node.nodeId} shall have ${node.desiredWorkers} workers.`]);
      }),
    );
  for (const [name, { mode, description }] of Object.entries(MODES)) {
    nodes
      .command(name)
      .description(description)
      .argument('<machine>', 'its name, as "nodes list" shows it')
      .action((nodeId: string) =>
        withContext(ports, async (context) => {
          const node = await setNodeMode(context, nodeId, mode);
          context.output.answer(node, () => [`${node.nodeId} is ${node.mode}.`]);
        }),
      );
  }
}

/** One that counts nothing is null: as many as the manager was started with. */
function workerCount(text: string): number | null {
  if (text === 'default') return null;
  try {
    return whole(0, 256)(text);
  } catch (cause) {
    throw new InvalidArgumentError(`${cause instanceof Error ? cause.message : cause} Or "default".`);
  }
}

const percent = (value: number | null) => (value === null ? '–' : `${Math.round(value)} %`);
