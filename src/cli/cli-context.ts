import { createDb } from '#lib/db/create-db.ts';
import { type Env, SettingsError } from '#lib/env.ts';
import { silentLogger } from '#lib/logger.ts';
import type { ServerContext } from '#server/context.ts';
import { reportOutages } from '#server/report-outages.ts';
import { createEventPublisher } from '#workers/events.ts';
import { BotQueue } from '#workers/queue/bot-queue.ts';
import type { CliOutput } from './cli-output.ts';
import { EXIT } from './exit-codes.ts';
import { explainingDatabase, UnusableDatabaseError } from './unusable-database.ts';

/** What the services of src/server need, and what commands call them with. */
export type CliContext = Pick<ServerContext, 'db' | 'queue' | 'publisher' | 'env' | 'logger'> & {
  databaseUrl: string;
  output: CliOutput;
};

/** What a command has of the process that it runs in; scripts/lib/run-eko.ts makes it. */
export interface CliPorts {
  /** The settings, after the flags. @throws SettingsError. */
  readEnv: () => Env;
  /** The database of the settings, or the one that a running `npm start` keeps; null when there is none. */
  findDatabase: (env: Env) => Promise<string | null>;
  output: () => CliOutput;
  /** Sets a setting as if it had been in the environment. */
  setSetting: (name: string, value: string) => void;
  /** The absolute path of a file that was named on the command line. */
  resolvePath: (file: string) => string;
  /** Runs workers as another process until they end; gives the exit code. */
  runWorkers: (args: readonly string[], json: boolean) => Promise<number>;
  /** Aborted when somebody presses Ctrl-C. */
  signal: AbortSignal;
}

/**
 * Runs `work` on the database and closes it after.
 * @throws SettingsError when there is no database, UnusableDatabaseError when it is away or refuses us, and what `work` throws.
 */
export async function withContext<T>(ports: CliPorts, work: (context: CliContext) => Promise<T>): Promise<T> {
  const env = ports.readEnv();
  const databaseUrl = await findDatabaseUrl(ports, env);
  const pool = createDb({ connectionString: databaseUrl, applicationName: 'eko-cli', max: 2 });
  const db = reportOutages(pool);
  const publisher = createEventPublisher(pool, 0);
  const queue = new BotQueue({ db, leaseMs: env.LOCK_TTL * 1_000 });
  const context = { db, queue, publisher, env, logger: silentLogger(), databaseUrl, output: ports.output() };
  try {
    return await explainingDatabase({ url: databaseUrl, setting: 'DATABASE_URL' }, () => work(context));
  } finally {
    await publisher.close();
    await pool.close();
  }
}

/**
 * Before workers are started: a database that refuses them for good would be asked again for ever.
 * @throws UnusableDatabaseError. One that is away may come, and where none is named, the workers say how to.
 */
export async function refuseUnusableDatabase(ports: Pick<CliPorts, 'readEnv' | 'findDatabase'>): Promise<void> {
  const env = ports.readEnv();
  const url = env.EKO_SERVER_URL === undefined ? await ports.findDatabase(env) : null;
  if (url === null) return;
  const pool = createDb({ connectionString: url, applicationName: 'eko-cli', max: 1 });
  try {
    await explainingDatabase({ url, setting: 'DATABASE_URL' }, () => reportOutages(pool).query('select 1'));
  } catch (error) {
    if (error instanceof UnusableDatabaseError && error.exitCode === EXIT.usage) throw error;
  } finally {
    await pool.close();
  }
}

/** @throws SettingsError that says how to name one. */
export async function findDatabaseUrl(ports: Pick<CliPorts, 'findDatabase'>, env: Env): Promise<string> {
  const url = await ports.findDatabase(env);
  if (url) return url;
  throw new SettingsError(
    `There is no database to work on. Set DATABASE_URL=postgres://… (or --database-url), or run "npm start": its embedded PostgreSQL in "${env.EKO_DATA_DIR}" is used then.`,
  );
}
