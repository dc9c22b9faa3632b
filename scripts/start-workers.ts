import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '#cli/exit-codes.ts';
import { formatNews } from '#cli/run-news.ts';
import { CommanderError, createWorkerCommand, type WorkerFlags } from '#cli/worker-flags.ts';
import { type Env, readEnv, SettingsError } from '#lib/env.ts';
import { armFaultPoints } from '#lib/fault-point.ts';
import { createLogger, type Logger } from '#lib/logger.ts';
import { SOURCE_NAMES } from '#lib/scraper-config.ts';
import { collectEvents } from '#workers/events.ts';
import { keepHealthFile } from '#workers/manager/health-file.ts';
import { WorkerManager } from '#workers/manager/manager.ts';
import { ManagerQueue } from '#workers/manager/manager-queue.ts';
import type { RunLimits } from '#workers/manager/run-limits.ts';
import { RunMonitor } from '#workers/manager/run-monitor.ts';
import { SchemaGate } from '#workers/manager/schema-gate.ts';
import type { NodeKeeper } from '#workers/nodes/node-keeper.ts';
import type { ManagerPorts } from '#workers/ports/manager-ports.ts';
import { SPOOL_FOLDER } from '#workers/spool/spool-file.ts';
import packageJson from '../package.json' with { type: 'json' };
import { findSecretKey } from './lib/access.ts';
import { composeNode } from './lib/compose-node.ts';
import { endCode } from './lib/end-code.ts';
import { keepAwake } from './lib/keep-awake.ts';
import { type ManagerBackend, openBackend } from './lib/manager-backend.ts';

/** Composition root of the manager process: settings → manager → signals. */

const own = fileURLToPath(import.meta.url);
const fromSource = own.endsWith('.ts');
const SOURCE_FOLDER = path.resolve(path.dirname(own), '../src');
/** From the bundle, the worker's bundle beside it; from source, the source. */
const WORKER_ENTRY = fromSource
  ? path.join(SOURCE_FOLDER, 'workers/worker/scraper-worker.ts')
  : path.join(path.dirname(own), `scraper-worker${path.extname(own)}`);

/** Checks the command line. @throws CommanderError, which has been told on stderr already. */
async function readFlags(): Promise<WorkerFlags> {
  let given: WorkerFlags | null = null;
  const command = createWorkerCommand(async (flags) => {
    given = flags;
  });
  await command.exitOverride().parseAsync(process.argv.slice(2), { from: 'user' });
  if (!given) throw new Error('The flags were read without being given.');
  return given;
}

/** The schema is looked at once in so many heartbeats. */
const HEARTBEATS_PER_LOOK = 3;

interface Composed {
  manager: WorkerManager;
  node: NodeKeeper;
  gate: SchemaGate;
}

function composeManager(env: Env, backend: ManagerBackend, flags: WorkerFlags, logger: Logger): Composed {
  const { ports } = backend;
  const configuredWorkers = flags.workers ?? env.NUM_WORKERS;
  const leaseMs = env.LOCK_TTL * 1_000;
  const heartbeatMs = env.HEARTBEAT_INTERVAL * 1_000;
  const nodeOptions = { configuredWorkers, version: packageJson.version, nodes: ports.nodes };
  const node = composeNode(env, { ...nodeOptions, events: collectEvents(ports.sendEvent) }, logger);
  const gate = new SchemaGate({
    findMisfit: ports.findMisfit,
    nodes: ports.nodes,
    logger,
    nodeId: env.NODE_ID,
    configuredWorkers,
    leaseMs,
    intervalMs: HEARTBEATS_PER_LOOK * heartbeatMs,
  });
  const manager = new WorkerManager({
    config: { numWorkers: configuredWorkers, autoRestart: env.AUTO_RESTART, heartbeatMs, leaseMs },
    queue: new ManagerQueue({ ...ports, spoolFolder: path.join(env.EKO_DATA_DIR, SPOOL_FOLDER), logger }),
    events: collectEvents(ports.sendEvent),
    listen: ports.listen,
    logger,
    nodeId: env.NODE_ID,
    workerId: env.WORKER_ID,
    version: packageJson.version,
    workerEntry: WORKER_ENTRY,
    workerArgs: workerArgs(flags),
    workerEnv: { ...process.env, ...backend.workerEnv, EKO_SECRET_KEY: findSharedKey(env) },
    concurrency: env.WORKER_CONCURRENCY,
    duties: [node.duty, gate.duty(() => void manager.stop(0)), ...backend.commonDuties(() => manager.workerCount)],
  });
  node.steer(manager);
  return { manager, node, gate };
}

function workerArgs({ scrapers, sources, limits }: WorkerFlags): string[] {
  return [
    ...(scrapers ? ['--scrapers', path.resolve(scrapers)] : []),
    ...(sources ? ['--sources', sources.join(',')] : []),
    // The monitor raises it piece by piece.
    ...(limits.maxWork === null ? [] : ['--work-limit', '0']),
  ];
}

/** The key that a launcher on this machine keeps; elsewhere proxies with passwords cannot be used, which the workers say. */
function findSharedKey(env: Env): string | undefined {
  return (env.EKO_SECRET_KEY ?? findSecretKey(env.EKO_DATA_DIR))?.toString('hex');
}

/**
 * The first signal drains, the second stops at once. A launcher that is gone counts as a signal.
 * @returns aborted when the first one comes.
 */
function obeySignals(manager: WorkerManager): AbortSignal {
  const asked = new AbortController();
  const stop = (graceMs?: number) => {
    asked.abort();
    void manager.stop(graceMs);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop());
  process.on('disconnect', () => stop(2_000));
  return asked.signal;
}

/** Many files change at once (a branch is changed, a formatter runs): one restart follows. */
const RELOAD_DELAY_MS = 300;

/** Pages and components are none of a worker's business. */
const WORKER_SOURCE = /^(workers|lib)[/\\].*\.(ts|json)$/;

function reloadOnChange(manager: WorkerManager, logger: Logger): void {
  let timer: NodeJS.Timeout | null = null;
  watch(SOURCE_FOLDER, { recursive: true }, (_event, file) => {
    if (!file || !WORKER_SOURCE.test(file) || file.endsWith('.test.ts')) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => {
      logger.info({ file }, 'The source has changed; new workers start (changes of the manager itself need a restart)');
      manager.replaceWorkers();
    }, RELOAD_DELAY_MS);
  });
}

/** A round is what all workers can run at once. */
function limitsOf({ limits, workers }: WorkerFlags, env: Env): RunLimits {
  if (limits.until !== 'once') return limits;
  return { ...limits, maxWork: (workers ?? env.NUM_WORKERS) * env.WORKER_CONCURRENCY };
}

function watchRun(
  { manager, node, gate }: Composed,
  ports: ManagerPorts,
  flags: WorkerFlags,
  env: Env,
  logger: Logger,
): RunMonitor {
  const look = { sources: flags.sources ?? SOURCE_NAMES, nodeId: env.NODE_ID, managerPid: process.pid };
  return new RunMonitor({
    manager,
    limits: flags.limits,
    look: () => ports.look(look),
    findStandstill: () => node.standstill,
    findMisfit: () => gate.misfit,
    // How a run ended is told to everybody, how it gets on only to who asked.
    tell: (news) => {
      if (flags.news || news.event === 'stopped') process.stdout.write(`${formatNews(news)}\n`);
    },
    logger,
  });
}

async function main(): Promise<void> {
  // A terminal or a reader that is gone, or a full disk, must not keep us from stopping things in order.
  process.stdout.on('error', () => {});
  const given = await readFlags();
  if (existsSync('.env')) process.loadEnvFile('.env');
  // The workers inherit what the flags say.
  Object.assign(process.env, given.settings);
  const env = readEnv();
  armFaultPoints(process.env.EKO_INTERNAL_FAULTS);
  const flags = { ...given, limits: limitsOf(given, env) };
  refuseIdleRun(flags, env);
  const logger = createLogger('manager', env.LOG_LEVEL);
  const backend = await openBackend(env, logger);
  const composed = composeManager(env, backend, flags, logger);
  const { manager, node, gate } = composed;
  const countWorkers = () => ({ workers: manager.workers.length, wanted: manager.workerCount });
  if (env.EKO_HEALTH_FILE) keepHealthFile(env.EKO_HEALTH_FILE, countWorkers, logger);
  const asked = obeySignals(manager);
  if (!(await gate.untilFits(asked))) process.exit(endCode(process.env));
  const awake = flags.keepAwake ? keepAwake((message) => logger.warn(message)) : null;
  manager.start();
  const run = watchRun(composed, backend.ports, flags, env, logger);
  if (flags.dev && fromSource) reloadOnChange(manager, logger);
  await manager.ended;
  await node.leave();
  const { reason, processed } = run.finish();
  awake?.release();
  // Whoever watches this process starts it anew; until then it waits, since it would only be started in vain.
  if (gate.misfit !== null && (await gate.untilFits(asked))) process.exit(EXIT.failed);
  if (reason === 'no-workers') process.exit(EXIT.failed);
  process.exit(reason === 'once' && processed === 0 ? EXIT.nothing : endCode(process.env));
}

/** @throws SettingsError for a run that would wait for ever for an end that its missing workers cannot bring. */
function refuseIdleRun({ workers, limits }: WorkerFlags, env: Env): void {
  if ((workers ?? env.NUM_WORKERS) > 0) return;
  const flag = { once: '--once', drained: '--drain', stopped: limits.maxWork === null ? null : '--max-work' }[
    limits.until
  ];
  if (flag) throw new SettingsError(`--workers 0 cannot be used with ${flag}: nobody would do the work.`);
}

await main().catch((error: unknown) => {
  // Told already, as is --help, which is no error.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(EXIT.usage);
});
