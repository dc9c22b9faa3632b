import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { PoolerTolerantPool } from './pooler-tolerant-pool.ts';
import * as schema from './schema/index.ts';

export interface DbOptions {
  connectionString: string;
  /** Upper bound of connections of this pool. */
  max?: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Server side limit of one statement in ms; default 15 s. */
  statementTimeoutMs?: number;
  /** Called for errors of idle connections; they are replaced by themselves. */
  onError?: (error: Error) => void;
}

export type QueryRow = Record<string, unknown>;

/** Anything that runs one parameterised statement: the pool, or one connection inside a transaction. */
export interface Executor {
  query<Row extends QueryRow = QueryRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A pool with drizzle on top. `query` for hand-written statements, `orm` for read models. */
export interface Db extends Executor {
  orm: NodePgDatabase<typeof schema>;
  /** Runs `work` in one transaction on one connection; an error rolls back and is thrown on. */
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** bigint columns come as numbers: ids stay far below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const IDLE_IN_TRANSACTION_MS = 30_000;

/** The limits of one transaction, where the connection cannot have them. */
const localLimits = (statementTimeoutMs: number): string =>
  `set local statement_timeout = ${statementTimeoutMs}; set local idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`;

/** What pg says when its own deadline has passed; an error without a code. */
const isSilence = (error: unknown): boolean => error instanceof Error && error.message === 'Query read timeout';

/**
 * Opens a pool. It connects lazily and reconnects by itself, so a database that is down makes statements fail, never the
 * process: pg would end it on an error of an idle connection that nobody listens to, hence both listeners.
 * No named statements and no session state are used, so a transaction-mode pooler may stand in between; see PoolerTolerantPool
 * for the time limits that such a one refuses.
 */
export function createDb(options: DbOptions): Db {
  const statementTimeout = options.statementTimeoutMs ?? 15_000;
  const pool = new PoolerTolerantPool({
    connectionString: options.connectionString,
    max: options.max ?? 4,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    // The client's own deadline: over a black-holed connection the server's cannot reach us.
    query_timeout: statementTimeout + 1_000,
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    allowExitOnIdle: false,
  });
  const onError = options.onError ?? (() => {});
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));

  const run = async <Row extends QueryRow>(
    client: pg.Pool | pg.PoolClient,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> => {
    try {
      return (await client.query<Row>(text, values as unknown[])).rows;
    } catch (error) {
      if (isSilence(error)) pool.dropIdle();
      throw error;
    }
  };

  return {
    orm: drizzle(pool, { schema }),
    query: (text, values) => run(pool, text, values),
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query(pool.isPlain ? `begin; ${localLimits(statementTimeout)}` : 'begin');
        const result = await work({ query: (text, values) => run(client, text, values) });
        await client.query('commit');
        return result;
      } catch (error) {
        if (isSilence(error)) {
          // It would not answer this either, for one more whole deadline.
          pool.dropIdle();
          broken = error as Error;
        } else {
          await client.query('rollback').catch((rollbackError: Error) => {
            broken = rollbackError;
          });
        }
        throw error;
      } finally {
        // A connection that could not roll back is thrown away instead of going back to the pool.
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}
