import { setTimeout as wait } from 'node:timers/promises';
import { jitteredBackoffMs } from '#lib/backoff.ts';
import { AppError, DatabaseUnavailableError } from '#lib/errors.ts';

/**
 * SQLSTATE classes and codes that say "not now": connection trouble (08), resources (53), operator intervention (57P0x,
 * cancelled statement), transaction rollback (40), lock not available, a server that is read-only for the moment, and a disk that
 * fails under it (58030).
 */
const PASSING_SQLSTATES = /^(08...|53...|57P0[1-5]|57014|40001|40P01|55P03|25006|58030)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Node's codes for a peer that cannot be reached or went away. */
const SYSTEM_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/**
 * What pg itself says when a connection breaks or a deadline passes: errors without a code, so only their words tell them
 * from the mistakes of a program (node_modules/pg/lib/client.js, pg-pool/index.js).
 */
const PG_CONNECTION_ERRORS =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed))/;

/**
 * Whether an error of a statement comes from the way to the database, not from the statement: trying again may help.
 * PostgreSQL's own errors carry an SQLSTATE, the network's a code such as ECONNREFUSED.
 */
export function isDatabaseOutage(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  if (!(error instanceof Error) || error instanceof AppError) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === null) return PG_CONNECTION_ERRORS.test(error.message);
  return SQLSTATE.test(code) && !/^E[A-Z]{4}$/.test(code) ? PASSING_SQLSTATES.test(code) : SYSTEM_CODES.has(code);
}

/** Delays between tries while the database is away: full jitter, from 200 ms up to 10 s. */
export function outageDelayMs(attempt: number, capMs = 10_000): number {
  return 50 + jitteredBackoffMs(attempt, 400, capMs);
}

export interface DatabaseRetryOptions {
  /** Asked before every further try; false ends the trying with the last error. */
  mayContinue: () => boolean;
  /** Which errors are worth another try; outages unless given. */
  isPassing?: (error: unknown) => boolean;
  /** Longest pause between tries in ms. */
  capMs?: number;
  onRetry?: (error: unknown, attempt: number) => void;
  signal?: AbortSignal;
}

/**
 * Runs database work again while the database is away. The work must be safe to repeat: a commit whose answer was lost
 * has happened all the same.
 * @throws the last error when it is not a passing one, or when no further try is allowed.
 */
export async function withDatabaseRetry<T>(work: () => Promise<T>, options: DatabaseRetryOptions): Promise<T> {
  const isPassing = options.isPassing ?? isDatabaseOutage;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || !options.mayContinue()) throw error;
      options.onRetry?.(error, attempt);
      await wait(outageDelayMs(attempt, options.capMs ?? 2_000), undefined, {
        ...(options.signal ? { signal: options.signal } : {}),
      });
      if (!options.mayContinue()) throw error;
    }
  }
}
