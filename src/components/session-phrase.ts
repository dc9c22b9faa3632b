import type { ApiSession } from '#lib/api-types.ts';
import { plural } from './format.ts';

/** One short phrase for a table cell: where the session is, or how it ended. */
export function sessionPhrase(session: ApiSession): string {
  const { status, progress, statusReason, error } = session;
  if (status === 'running') return progress?.message ?? 'Starting';
  if (status === 'pending')
    return statusReason ?? (session.retryCount > 0 ? 'Waiting to try again' : 'Waiting for a worker');
  if (status === 'failed') return error?.message ?? statusReason ?? 'No reason was recorded';
  if (status === 'cancelled') return statusReason ?? 'Stopped by a person';
  return statusReason ?? readPhrase(session) ?? 'Finished';
}

function readPhrase({ progress }: ApiSession): string | null {
  if (progress === null) return null;
  if (progress.rows !== undefined && progress.pages !== undefined) {
    return `${plural(progress.rows, 'row')} on ${plural(progress.pages, 'page')}`;
  }
  return progress.rows === undefined ? (progress.message ?? null) : `${plural(progress.rows, 'row')} read`;
}

/** 0 to 100, or null where the end is not known. */
export function progressPercent({ progress }: ApiSession): number | null {
  if (progress?.done === undefined || progress.total === undefined || progress.total <= 0) return null;
  return Math.min(100, Math.round((progress.done / progress.total) * 100));
}
