import { createDb, type Db } from '#lib/db/create-db.ts';
import { type Env, readEnv } from '#lib/env.ts';
import { createLogger, type Logger } from '#lib/logger.ts';
import { findEndedTokens } from '#lib/tokens/api-tokens.ts';
import { createEventPublisher, type EventPublisher } from '#workers/events.ts';
import { pgSharedPorts, type SharedPorts } from '#workers/ports/shared-ports.ts';
import { BotQueue } from '#workers/queue/bot-queue.ts';
import { SignInLimiter } from './auth/sign-in-limiter.ts';
import { VerifiedSessions } from './auth/verified-sessions.ts';
import { createEventHub, type EventHub } from './events/event-hub.ts';
import { reportOutages } from './report-outages.ts';
import { SignalBoard } from './worker-calls/signal-board.ts';

/** What the web process has one of. */
export interface ServerContext {
  env: Env;
  db: Db;
  queue: BotQueue;
  /** What workers use that come over HTTP. */
  workerPorts: SharedPorts;
  /** Announcements to all processes, this one included. */
  publisher: EventPublisher;
  /** Announcements from all processes, for the streams of this one. */
  hub: EventHub;
  /** Signals of the queue, for machines that have no database. */
  signals: SignalBoard;
  signInLimiter: SignInLimiter;
  verifiedSessions: VerifiedSessions;
  /** Where the bundled demo server answers; null when it does not run. */
  demoOrigin: string | null;
  logger: Logger;
  close(): Promise<void>;
}

/** Next bundles pages and routes apart and reloads them in development; globalThis is what they all share. */
const shared = globalThis as { ekoServerContext?: ServerContext | undefined };

/** The process's context, made at the first call. */
export function serverContext(): ServerContext {
  shared.ekoServerContext ??= stopWithProcess(createServerContext(readEnv(), process.env.EKO_INTERNAL_DEMO_ORIGIN));
  return shared.ekoServerContext;
}

/** Told to stop, the framework waits for the answers under way: those that wait for news must not keep it. */
function stopWithProcess(context: ServerContext): ServerContext {
  const stop = () => {
    context.signals.stop();
    context.hub.end();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  return context;
}

/** Puts another context in place, or none; for tests, which have a database each. */
export function installServerContext(context: ServerContext | undefined): void {
  shared.ekoServerContext = context;
}

/**
 * The composition root of the web process. Connects lazily, so it works while the database is away.
 * @throws Error when DATABASE_URL is missing; the launcher always sets it.
 */
export function createServerContext(env: Env, demoOrigin?: string): ServerContext {
  if (!env.DATABASE_URL) {
    throw new Error('DATABASE_URL is not set. Start everything with "npm start", or set it to a PostgreSQL address.');
  }
  const logger = createLogger('web', env.LOG_LEVEL);
  const pool = createDb({
    connectionString: env.DATABASE_URL,
    applicationName: 'eko-web',
    max: 10,
    onError: (error) => logger.warn({ err: error }, 'A database connection broke; it is replaced when needed'),
  });
  const db = reportOutages(pool);
  const hub = createEventHub(env.DIRECT_DATABASE_URL ?? env.DATABASE_URL, logger);
  const publisher = createEventPublisher(pool);
  const signals = new SignalBoard({ hub, findEndedTokens: (tokenIds) => findEndedTokens(db, tokenIds), logger });
  return {
    env,
    db,
    queue: new BotQueue({
      db,
      leaseMs: env.LOCK_TTL * 1000,
      onNotifyError: (error) =>
        logger.debug({ err: error }, 'A wake-up could not be sent; managers also look by themselves'),
    }),
    workerPorts: pgSharedPorts(db, env.LOCK_TTL * 1000),
    publisher,
    hub,
    signals,
    signInLimiter: new SignInLimiter(),
    verifiedSessions: new VerifiedSessions(),
    demoOrigin: demoOrigin || null,
    logger,
    async close() {
      signals.stop();
      await Promise.all([publisher.close(), hub.close()]);
      await pool.close();
    },
  };
}
