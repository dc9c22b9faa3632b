import type { ApiSession } from '#lib/api/session.ts';
import { WAITING_AHEAD_MAX } from '#lib/sessions/waiting-ahead-max.ts';
import { formatCapped, plural } from './format.ts';

/** One short phrase for a table cell: where the session is, or how it ended. */
export function sessionPhrase(session: ApiSession): string {
  const { status, progress, statusReason, error } = session;
  switch (status) {
    case 'pending':
      return pendingPhrase(session);
    case 'running':
      return progress?.message ?? 'Starting';
    case 'failed':
      return error?.message ?? statusReason ?? 'No reason was recorded';
    case 'cancelled':
      return statusReason ?? 'Stopped by a person';
    case 'completed':
      return statusReason ?? readPhrase(session) ?? 'Finished';
  }
}

/** Why it waits. How long is told beside it, counting down. */
function pendingPhrase({ wakeAt, inLineFor, retryCount, statusReason, error }: ApiSession): string {
  if (inLineFor !== null) return `Waiting for its turn at ${inLineFor}`;
  if (wakeAt !== null && retryCount > 0 && error !== null) return error.message;
  if (wakeAt !== null && statusReason !== null) return statusReason;
  return retryCount > 0 ? 'Waiting for a worker to try again' : 'Waiting for a worker';
}

function readPhrase({ progress }: ApiSession): string | null {
  if (progress === null) return null;
  if (progress.rows !== undefined && progress.pages !== undefined) {
    return `${plural(progress.rows, 'row')} on ${plural(progress.pages, 'page')}`;
  }
  return progress.rows === undefined ? (progress.message ?? null) : `${plural(progress.rows, 'row')} read`;
}

/** "12 ahead", "1,000+ ahead"; null where it is next. */
export function aheadInWords(ahead: number): string | null {
  return ahead === 0 ? null : `${formatCapped(ahead, ahead >= WAITING_AHEAD_MAX)} ahead`;
}

/** 0 to 100, or null where the end is not known. */
export function progressPercent({ progress }: Pick<ApiSession, 'progress'>): number | null {
  if (progress?.done === undefined || progress.total === undefined || progress.total <= 0) return null;
  return Math.min(100, Math.round((progress.done / progress.total) * 100));
}
