import { type AppError, BlockedError, LayoutChangedError, NetworkError, RequestRefusedError } from '#lib/errors.ts';
import type { Portal } from '#lib/portals/portal.ts';
import { type FailureKind, isWaiting } from './portal-failure.ts';
import type { SessionCursor } from './session-cursor.ts';

/** A portal that could not be read in this attempt. */
export interface PortalFailure {
  portal: Portal;
  kind: FailureKind;
  error: AppError;
}

/** A publisher that has throttled a session this often holds up what the others gave. */
const WAITS_MAX = 20;

export interface SessionEnd {
  cursor: SessionCursor;
  message: string;
  /** Null: the session is complete, if need be with warnings. */
  error: AppError | null;
}

/**
 * How a session ends after all portals had their turn. Pure.
 *
 * - some may work later → the error that makes the runner try again, for these alone; on the last attempt, with others
 *   read, they are noted instead and the session is complete. Waiting (throttled) is no attempt, but it too has an end
 *   once others were read.
 * - nothing was read and everything failed for good → an error that says why, portal by portal
 * - else complete, the failures noted
 */
export function settleSession(
  before: SessionCursor,
  portals: readonly Portal[],
  failures: readonly PortalFailure[],
  attemptsMax: number,
): SessionEnd {
  const cursor = structuredClone(before);
  const isRead = (portal: Portal): boolean => ['done', 'skipped'].includes(cursor.portals[portal.id]?.state ?? '');
  const readCount = portals.filter(isRead).length;
  const again = failures.filter((failure) => failure.kind === 'again');
  const waiting = again.find((failure) => isWaiting(failure.error));
  if (waiting !== undefined) {
    cursor.waits += 1;
    if (readCount === 0 || cursor.waits <= WAITS_MAX) {
      return { cursor, message: laterMessage(again), error: waiting.error };
    }
  }
  const first = again[0];
  if (first !== undefined) {
    cursor.attempts += 1;
    if (waiting === undefined && (readCount === 0 || cursor.attempts <= attemptsMax)) {
      return { cursor, message: laterMessage(again), error: retryError(first, again, cursor) };
    }
    for (const { portal } of again) markFailed(cursor, portal);
  }
  const unread = portals.filter((portal) => !isRead(portal));
  if (readCount > 0) return { cursor, message: endMessage(readCount, unread.length), error: null };
  return { cursor, message: 'No portal could be read', error: totalFailure(cursor, portals, failures) };
}

/** What a person's "try again" starts from after a failure: the settled portals stay, the failed ones get a new chance. */
export function reopenFailed(cursor: SessionCursor): SessionCursor {
  const reopened: SessionCursor = { ...structuredClone(cursor), attempts: 0, waits: 0 };
  for (const state of Object.values(reopened.portals)) if (state.state === 'failed') state.state = 'waiting';
  return reopened;
}

/** A copy with its own message: several portals may wait, and a person wants to know which. */
function retryError(first: PortalFailure, again: readonly PortalFailure[], cursor: SessionCursor): AppError {
  if (again.length === 1) return first.error;
  const lines = again.map(({ portal, error }) => `${portal.name}: ${error.message}`);
  return new NetworkError(`${again.length} portals could not be read yet: ${lines.join('; ')}`, {
    context: { portals: again.map(({ portal }) => portal.id), attempts: cursor.attempts },
    cause: first.error,
  });
}

function totalFailure(cursor: SessionCursor, portals: readonly Portal[], failures: readonly PortalFailure[]): AppError {
  const offline = failures.find((failure) => failure.kind === 'offline');
  if (offline !== undefined && failures.every((failure) => failure.kind === 'offline')) return offline.error;
  const only = failures[0];
  if (portals.length === 1 && only !== undefined) return finalError(only.error.message, only.error);
  const lines = portals.map((portal) => `${portal.name}: ${cursor.portals[portal.id]?.note ?? 'not read'}`);
  return finalError(`None of ${portals.length} portals could be read: ${lines.join('; ')}`, only?.error);
}

/** Asking again changes nothing, whichever class the cause has: a changed layout and a block are told as such, the rest as refused. */
function finalError(message: string, cause: AppError | undefined): AppError {
  const options = { context: { code: cause?.code }, cause };
  if (cause instanceof LayoutChangedError) return new LayoutChangedError(message, options);
  if (cause instanceof BlockedError) return new BlockedError(message, options);
  return new RequestRefusedError(message, options);
}

function markFailed(cursor: SessionCursor, portal: Portal): void {
  const state = cursor.portals[portal.id];
  if (state) state.state = 'failed';
}

const laterMessage = (again: readonly PortalFailure[]): string =>
  `Waiting to try again: ${again.map((failure) => failure.portal.name).join(', ')}`;

const endMessage = (read: number, unread: number): string =>
  unread === 0 ? `${read} portals read` : `${read} portals read, ${unread} could not be read`;
