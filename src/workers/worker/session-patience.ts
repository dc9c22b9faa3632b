import { DatabaseUnavailableError, LeaseLostError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import type { ActiveSession } from './active-session.ts';

export interface PatienceDeps {
  isLeaseSafe: () => boolean;
  logger: Logger;
}

/**
 * Tries as long as the database is away and the lease is safe; then the session is given up, and another attempt goes on
 * from its last checkpoint.
 * @throws DatabaseUnavailableError when the lease ended first; the reason of the session's abort; the work's own error.
 */
export async function withPatience<T>(deps: PatienceDeps, active: ActiveSession, work: () => Promise<T>): Promise<T> {
  active.signal.throwIfAborted();
  try {
    return await withDatabaseRetry(work, {
      signal: active.signal,
      mayContinue: () => deps.isLeaseSafe() && !active.signal.aborted,
      onRetry: (error, attempt) =>
        deps.logger.warn({ sessionId: active.claimed.id, attempt, err: error }, 'The database is away; trying again'),
    });
  } catch (error) {
    active.signal.throwIfAborted();
    if (error instanceof LeaseLostError) active.abort(error);
    if (!isDatabaseOutage(error)) throw error;
    throw new DatabaseUnavailableError('The database was away until the lease ran out', { cause: error });
  }
}
