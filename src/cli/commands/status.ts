import type { Command } from 'commander';
import { formatCapped, formatCount, formatDuration, formatRatio, plural } from '#components/format.ts';
import type { ApiHost } from '#lib/api/host.ts';
import type { ApiClusterStatus } from '#lib/api/node.ts';
import type { ApiProxyPage } from '#lib/api/proxy.ts';
import type { ApiSummary, ApiWorker } from '#lib/api/worker.ts';
import { SESSION_STATUSES } from '#lib/db/schema/vocabulary.ts';
import { getClusterStatus } from '#server/cluster/get-cluster-status.ts';
import { listHosts } from '#server/hosts/list-hosts.ts';
import { getSummary } from '#server/metrics/get-summary.ts';
import { listProxies } from '#server/proxies/list-proxies.ts';
import { listWorkers } from '#server/workers/list-workers.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { formatTable, type TableColumn } from '../format-table.ts';
import { NODE_COLUMNS } from './nodes.ts';

export function addStatusCommand(program: Command, ports: CliPorts): void {
  program
    .command('status')
    .description('machines, workers, queue, figures, hosts and proxies on one screen')
    .action(() =>
      withContext(ports, async (context) => {
        const status = await readStatus(context);
        context.output.answer(status, () => formatStatus(status));
      }),
    );
}

interface Status {
  cluster: ApiClusterStatus;
  summary: ApiSummary;
  workers: ApiWorker[];
  /** Only the paused ones. */
  hosts: ApiHost[];
  proxies: ApiProxyPage['counts'];
}

async function readStatus({ db, env }: CliContext): Promise<Status> {
  const [cluster, summary, workers, hosts, proxies] = await Promise.all([
    getClusterStatus(db),
    getSummary(db, env.EKO_ENV),
    listWorkers(db),
    listHosts(db, { state: ['paused'] }, { limit: 10, after: null }),
    listProxies(db, {}, { limit: 1, after: null }),
  ]);
  return { cluster, summary, workers: workers.filter(isLiving), hosts: hosts.items, proxies: proxies.counts };
}

const isLiving = ({ status }: ApiWorker) => status !== 'stopped' && status !== 'crashed';

const WORKER_COLUMNS: TableColumn<ApiWorker>[] = [
  { title: 'worker', text: ({ workerId }) => workerId },
  { title: 'state', text: ({ status }) => status },
  { title: 'busy', text: ({ sessions, concurrency }) => `${sessions.length}/${concurrency}`, align: 'right' },
  { title: 'done', text: ({ jobsProcessed }) => formatCount(jobsProcessed), align: 'right' },
  { title: 'failed', text: ({ jobsFailed }) => formatCount(jobsFailed), align: 'right' },
  { title: 'memory', text: ({ memoryMb }) => (memoryMb === null ? '–' : `${memoryMb} MB`), align: 'right' },
  { title: 'at', text: ({ sessions }) => sessions.map(({ id, location }) => `${id} ${location}`).join(', ') },
];

/** More than this is another screen. */
const WORKERS_SHOWN = 20;

/** Pure. */
function formatStatus({ cluster, summary, workers, hosts, proxies }: Status): string[] {
  return [
    ...section('Machines', cluster.items.length === 0 ? ['none'] : formatTable(cluster.items, NODE_COLUMNS)),
    ...section('Workers', formatWorkers(workers)),
    ...section('Queue', formatQueue(summary)),
    ...section('Last 24 hours', formatKpis(cluster)),
    ...section('Hosts paused', hosts.length === 0 ? ['none'] : hosts.map(formatHost)),
    ...section('Proxies', [formatProxies(proxies)]),
  ];
}

const section = (title: string, lines: readonly string[]): string[] => [title, ...lines.map((line) => `  ${line}`), ''];

function formatWorkers(workers: readonly ApiWorker[]): string[] {
  if (workers.length === 0) return ['none; start some with "npx eko worker"'];
  const more = workers.length - WORKERS_SHOWN;
  return [
    ...formatTable(workers.slice(0, WORKERS_SHOWN), WORKER_COLUMNS),
    ...(more > 0 ? [`and ${formatCount(more)} more`] : []),
  ];
}

function formatQueue({ sessions, queue, capped, leads }: ApiSummary): string[] {
  const counts = SESSION_STATUSES.map(
    (status) => `${formatCapped(sessions[status], capped.includes(status))} ${status}`,
  );
  const oldest =
    queue.waiting === 0 || queue.oldestWaitingMs === null
      ? ''
      : `, the oldest for ${formatDuration(queue.oldestWaitingMs)}`;
  return [
    counts.join(' · '),
    `${formatCapped(queue.waiting, queue.capped)} could be claimed now${oldest}`,
    `${plural(leads.total, 'lead')}, ${formatCount(leads.newLast24h)} of them new in the last 24 hours`,
  ];
}

function formatKpis({ kpis }: ApiClusterStatus): string[] {
  return [
    `completed ${formatRatio(kpis.completionRate)} of ended sessions · successful ${formatRatio(kpis.successRate)} of tries`,
    `claims kept ${formatRatio(kpis.claimSuccessRate)} · slots in use now ${formatRatio(kpis.utilisation)} · ${formatCount(kpis.completedLastHour)} completed in the last hour`,
  ];
}

const formatHost = ({ hostKey, pausedUntil, pauseReason }: ApiHost): string =>
  `${hostKey} until ${pausedUntil ?? 'resumed'}: ${pauseReason ?? 'no reason noted'}`;

function formatProxies(counts: ApiProxyPage['counts']): string {
  const shown = Object.entries(counts).filter(([, count]) => count > 0);
  return shown.length === 0 ? 'none' : shown.map(([status, count]) => `${formatCount(count)} ${status}`).join(' · ');
}
