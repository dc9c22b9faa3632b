// Moves no-op sessions through our queue and through graphile-worker, on one server, in turns, and prints both rates.
// npm install --prefix scripts/bench/peers && node scripts/bench/queue-throughput.ts [--sessions 100000] [--rounds 3]
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { databaseUrl, quantile, startBenchServer } from './bench-server.ts';

interface Round {
  enqueueMs: number;
  drainMs: number;
}

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const sessions = Number(values.sessions);
const ENQUEUE_SIZE = '1000';
const folder = import.meta.dirname;

const server = await startBenchServer();
try {
  const peers = {
    ours: () => runRound('queue-round.ts', [server.url, String(sessions), ENQUEUE_SIZE]),
    graphile: () =>
      runRound('peers/run-graphile.mjs', [databaseUrl(server, 'peer'), String(sessions), ENQUEUE_SIZE, '24']),
  };
  const rounds: Record<keyof typeof peers, Round[]> = { ours: [], graphile: [] };
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const name of ['graphile', 'ours'] as const) {
      if (values.only !== '' && values.only !== name) continue;
      const result = peers[name]();
      rounds[name].push(result);
      console.log(`round ${round} ${name.padEnd(8)} ${describe(result)}`);
    }
  }
  if (values.only === '') summarise(rounds);
} finally {
  await server.drop();
}

function runRound(script: string, args: string[]): Round {
  const result = spawnSync(process.execPath, [path.join(folder, script), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`"${script}" ended with code ${result.status}.`);
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '');
}

function rate(ms: number): string {
  return `${Math.round(sessions / (ms / 1000)).toLocaleString('en')}/s`;
}

function describe({ enqueueMs, drainMs }: Round): string {
  return `enqueue ${rate(enqueueMs)}, claim and complete ${rate(drainMs)}, all ${rate(enqueueMs + drainMs)}`;
}

function summarise(rounds: { ours: Round[]; graphile: Round[] }): void {
  const median = (of: Round[]): Round => ({
    enqueueMs: quantile(
      of.map((round) => round.enqueueMs),
      0.5,
    ),
    drainMs: quantile(
      of.map((round) => round.drainMs),
      0.5,
    ),
  });
  const [ours, graphile] = [median(rounds.ours), median(rounds.graphile)];
  console.log(`\nmedian of ${rounds.ours.length} rounds, ${sessions} no-op sessions each`);
  console.log(`ours             ${describe(ours)} (history kept, every completion fenced)`);
  console.log(`graphile-worker  ${describe(graphile)} (jobs deleted)`);
  const all = (graphile.enqueueMs + graphile.drainMs) / (ours.enqueueMs + ours.drainMs);
  const drained = graphile.drainMs / ours.drainMs;
  console.log(`ratio ours / graphile-worker: all ${all.toFixed(2)}, claim and complete ${drained.toFixed(2)}`);
}
