import path from 'node:path';
import { parseArgs } from 'node:util';
import { CONNECTIONS } from '#lib/db/connections.ts';
import { createDb } from '#lib/db/create-db.ts';
import { type Env, readEnv } from '#lib/env.ts';
import { armFaultPoints } from '#lib/fault-point.ts';
import { createLogger, type Logger } from '#lib/logger.ts';
import { type ManagerMessage, parseManagerMessage } from '../messages.ts';
import { ParsePool } from '../parse/parse-pool.ts';
import { pgWorkerPorts, type WorkerPorts } from '../ports/worker-ports.ts';
import { remoteWorkerPorts } from '../remote/remote-worker-ports.ts';
import { ServerClient } from '../remote/server-client.ts';
import { createPageRenderer } from '../render/page-renderer.ts';
import { SPOOL_FOLDER } from '../spool/spool-file.ts';
import { WorkerSpool } from '../spool/worker-spool.ts';
import { userAgent } from '../user-agent.ts';
import { composeFetching } from './compose-fetching.ts';
import { loadScraperRegistry, type ScraperRegistry } from './scraper-registry.ts';
import { Worker } from './worker.ts';

/** The child process of the manager, and composition root of one worker: settings in, one Worker out. */

/** Without its manager a worker has no lease soon; it hands back what it can within this time and ends. */
const ORPHAN_MS = 4_000;

/**
 * None of a worker's statements takes a second. Over a connection to a server that hangs this is what it waits, and its work has to go
 * on elsewhere within 15 s.
 */
const STATEMENT_MS = 8_000;

/** Grace of a SIGTERM that somebody sends to the worker itself. */
const SIGTERM_GRACE_MS = 25_000;

interface WorkerFlags {
  scrapers: ScraperRegistry;
  workLimit: number | undefined;
}

function openPorts(env: Env, workerId: string, logger: Logger): WorkerPorts {
  const { EKO_SERVER_URL: serverUrl, EKO_SERVER_TOKEN: token = '' } = env;
  if (serverUrl !== undefined) {
    const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = env;
    const systemProxy = { HTTP_PROXY, HTTPS_PROXY, NO_PROXY };
    return remoteWorkerPorts(new ServerClient({ serverUrl, token, systemProxy }));
  }
  const db = createDb({
    connectionString: env.DATABASE_URL ?? '',
    applicationName: `eko-worker ${workerId}`.slice(0, 63),
    max: CONNECTIONS.worker,
    statementTimeoutMs: STATEMENT_MS,
    onError: (error) => logger.debug({ err: error }, 'A connection to the database broke'),
  });
  return pgWorkerPorts(db, env.LOCK_TTL * 1_000);
}

function composeWorker(env: Env, workerId: string, { scrapers, workLimit }: WorkerFlags, logger: Logger): Worker {
  const ports = openPorts(env, workerId, logger);
  const fetching = composeFetching(env, ports, logger, process.env.EKO_INTERNAL_ECHO_URL);
  return new Worker({
    workerId,
    concurrency: env.WORKER_CONCURRENCY,
    workLimit,
    ports,
    fetching,
    renderer: createPageRenderer({
      fetcher: fetching.fetcher,
      userAgent: userAgent(env.EKO_CONTACT),
      logger,
      chromePath: env.CHROME_PATH,
      unpackFolder: path.join(env.EKO_DATA_DIR, 'browsers'),
    }),
    parsing: new ParsePool({ parsersModule: scrapers.parsersModule }),
    scrapers,
    spool: new WorkerSpool({ folder: path.join(env.EKO_DATA_DIR, SPOOL_FOLDER), workerId, queue: ports.queue, logger }),
    logger,
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    onStopped: () => process.exit(0),
  });
}

/** Anything that nobody has caught is a bug: said once, and the manager starts afresh. */
function exitOnBugs(logger: Logger): void {
  let said = false;
  const die = (error: unknown) => {
    if (said) return;
    said = true;
    logger.fatal({ err: error }, 'The worker ends because of an error that nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

/**
 * Ctrl-C and the end of a terminal reach the whole process group, but stopping is the manager's decision. A SIGTERM for the worker alone
 * drains it.
 */
function obeySignals(drain: (graceMs: number) => void): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('SIGTERM', () => drain(SIGTERM_GRACE_MS));
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), ORPHAN_MS).unref();
    drain(0);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { scrapers: { type: 'string' }, sources: { type: 'string' }, 'work-limit': { type: 'string' } },
  });
  const env = readEnv();
  armFaultPoints(process.env.EKO_INTERNAL_FAULTS);
  const bootLogger = createLogger('worker', env.LOG_LEVEL);
  exitOnBugs(bootLogger);
  if (!process.send) throw new Error('A worker is started by its manager; use "npm run workers:start"');
  let worker: Worker | null = null;
  obeySignals((graceMs) => {
    if (worker) worker.drain(graceMs);
    else process.exit(0);
  });
  const all = await loadScraperRegistry(bootLogger, values.scrapers);
  const limit = values['work-limit'];
  const flags: WorkerFlags = {
    scrapers: values.sources === undefined ? all : { ...all, sources: values.sources.split(',') },
    workLimit: limit === undefined ? undefined : Number(limit),
  };
  process.on('message', (raw) => {
    const message = parseManagerMessage(raw);
    if (message.type === 'welcome') worker ??= welcome(message, env, flags);
    else if (worker) worker.handle(message);
    else if (message.type === 'drain') process.exit(0);
  });
  process.send({ type: 'ready' });
}

function welcome({ workerId }: ManagerMessage & { type: 'welcome' }, env: Env, flags: WorkerFlags): Worker {
  const logger = createLogger('worker', env.LOG_LEVEL, { worker: workerId });
  logger.info({ concurrency: env.WORKER_CONCURRENCY, sources: flags.scrapers.sources }, 'Worker started');
  return composeWorker(env, workerId, flags, logger);
}

await main();
