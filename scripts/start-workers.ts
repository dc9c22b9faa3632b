import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDb } from '#lib/db/create-db.ts';
import { type Env, readEnv, SettingsError } from '#lib/env.ts';
import { armFaultPoints } from '#lib/fault-point.ts';
import { createLogger, type Logger } from '#lib/logger.ts';
import { WorkerManager } from '#workers/manager.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { findSecretKey } from './lib/access.ts';
import { findRunningDatabase } from './lib/running-database.ts';

/** Composition root of the manager process: settings → manager → signals. */

const own = fileURLToPath(import.meta.url);
const fromSource = own.endsWith('.ts');
const SOURCE_FOLDER = path.resolve(path.dirname(own), '../src');
/** From the bundle, the worker's bundle beside it; from source, the source. */
const WORKER_ENTRY = fromSource
  ? path.join(SOURCE_FOLDER, 'workers/scraper-worker.ts')
  : path.join(path.dirname(own), `scraper-worker${path.extname(own)}`);

interface Flags {
  workers: number | null;
  dev: boolean;
  /** Module of scrapers in place of the built-in ones; for tests. */
  scrapers: string | null;
  /** Settings given as flags, by their names in the environment. */
  settings: Record<string, string>;
}

const FLAGS = {
  workers: { type: 'string' },
  dev: { type: 'boolean' },
  scrapers: { type: 'string' },
  'worker-id': { type: 'string' },
  'node-id': { type: 'string' },
  'database-url': { type: 'string' },
  concurrency: { type: 'string' },
  'heartbeat-interval': { type: 'string' },
} as const;

/** Flags that say the same as a setting, and win over it. */
const SETTING_OF_FLAG = {
  'worker-id': 'WORKER_ID',
  'node-id': 'NODE_ID',
  'database-url': 'DATABASE_URL',
  concurrency: 'WORKER_CONCURRENCY',
  'heartbeat-interval': 'HEARTBEAT_INTERVAL',
} as const;

const KNOWN_FLAGS = `--workers N, --dev and ${Object.keys(SETTING_OF_FLAG)
  .map((flag) => `--${flag} VALUE`)
  .join(', ')}`;

function parseFlags() {
  try {
    return parseArgs({ options: FLAGS }).values;
  } catch (cause) {
    throw new SettingsError(`${cause instanceof Error ? cause.message : cause}. Known are ${KNOWN_FLAGS}.`, {
      cause,
    });
  }
}

function readFlags(): Flags {
  const values = parseFlags();
  const workers = values.workers === undefined ? null : Number(values.workers);
  if (workers !== null && !(Number.isInteger(workers) && workers >= 0 && workers <= 256)) {
    throw new SettingsError(`--workers = "${values.workers}" must be a whole number from 0 to 256`);
  }
  const settings = Object.entries(SETTING_OF_FLAG).flatMap(([flag, setting]) => {
    const value = values[flag as keyof typeof SETTING_OF_FLAG];
    return value === undefined ? [] : [[setting, value]];
  });
  return {
    workers,
    dev: values.dev ?? false,
    scrapers: values.scrapers ?? null,
    settings: Object.fromEntries(settings),
  };
}

function composeManager(env: Env, databaseUrl: string, flags: Flags, logger: Logger): WorkerManager {
  const db = createDb({
    connectionString: databaseUrl,
    applicationName: 'eko-manager',
    max: 4,
    // A heartbeat that takes longer is better asked again: the lease waits for nobody.
    statementTimeoutMs: 5_000,
    onError: (error) => logger.debug({ err: error }, 'A connection to the database broke'),
  });
  const leaseMs = env.LOCK_TTL * 1_000;
  return new WorkerManager({
    config: {
      numWorkers: flags.workers ?? env.NUM_WORKERS,
      autoRestart: env.AUTO_RESTART,
      heartbeatMs: env.HEARTBEAT_INTERVAL * 1_000,
      leaseMs,
    },
    db,
    queue: new JobQueue({ db, leaseMs }),
    listenUrl: env.DIRECT_DATABASE_URL ?? databaseUrl,
    logger,
    nodeId: env.NODE_ID,
    workerId: env.WORKER_ID,
    workerEntry: WORKER_ENTRY,
    workerArgs: flags.scrapers ? ['--scrapers', path.resolve(flags.scrapers)] : [],
    workerEnv: { ...process.env, DATABASE_URL: databaseUrl, EKO_SECRET_KEY: findSharedKey(env) },
    concurrency: env.WORKER_CONCURRENCY,
  });
}

/** The key that a launcher on this machine keeps; elsewhere proxies with passwords cannot be used, which the workers say. */
function findSharedKey(env: Env): string | undefined {
  return (env.EKO_SECRET_KEY ?? findSecretKey(env.EKO_DATA_DIR))?.toString('hex');
}

/** The first signal drains, the second stops at once. A launcher that is gone counts as a signal. */
function obeySignals(manager: WorkerManager): void {
  const stop = () => void manager.stop();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', stop);
  process.on('disconnect', () => void manager.stop(2_000));
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

async function main(): Promise<void> {
  const flags = readFlags();
  if (existsSync('.env')) process.loadEnvFile('.env');
  // The workers inherit what the flags say.
  Object.assign(process.env, flags.settings);
  const env = readEnv();
  armFaultPoints(process.env.EKO_INTERNAL_FAULTS);
  const logger = createLogger('manager', env.LOG_LEVEL);
  const databaseUrl = await findDatabaseUrl(env);
  const manager = composeManager(env, databaseUrl, flags, logger);
  obeySignals(manager);
  manager.start();
  if (flags.dev && fromSource) reloadOnChange(manager, logger);
  await manager.ended;
  process.exit(0);
}

async function findDatabaseUrl(env: Env): Promise<string> {
  const url = env.DATABASE_URL ?? (await findRunningDatabase(env.EKO_DATA_DIR));
  if (url) return url;
  throw new SettingsError(
    `There is no database for the workers. Set DATABASE_URL=postgres://…, or run "npm start" beside this: its embedded PostgreSQL in "${env.EKO_DATA_DIR}" is used then (EKO_DATA_DIR must be the same).`,
  );
}

await main().catch((error: unknown) => {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(2);
});
