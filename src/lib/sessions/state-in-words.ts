import type { ApiSession } from '../api/session.ts';
import { assertNever } from '../invariant.ts';
import { leadsInWords } from './leads-in-words.ts';

/** What of a session decides the sentence. */
export type SessionState = Pick<
  ApiSession,
  | 'status'
  | 'statusReason'
  | 'cancelRequested'
  | 'wakeAt'
  | 'inLineFor'
  | 'retryCount'
  | 'maxRetries'
  | 'progress'
  | 'error'
  | 'leadsFound'
  | 'leadsNew'
>;

/**
 * One sentence for people on where a session is: "Waiting for a worker", "Savannah: page 3",
 * "Trying again in 40 s because …". Pure, so that pages can count down with their own clock.
 */
export function stateInWords(session: SessionState, now: Date): string {
  switch (session.status) {
    case 'pending':
      return pendingInWords(session, now);
    case 'running':
      if (session.cancelRequested) return 'Stopping: a cancel was asked for';
      return session.progress?.message ?? 'Starting';
    case 'completed':
      return completedInWords(session);
    case 'failed':
      return `Failed: ${reasonOf(session) ?? 'the log has the details'}`;
    case 'cancelled':
      return session.statusReason ?? 'Cancelled on request';
    default:
      return assertNever(session.status);
  }
}

function pendingInWords(session: SessionState, now: Date): string {
  const reason = reasonOf(session);
  if (session.inLineFor !== null) return `Waiting for its turn at ${session.inLineFor}`;
  if (session.wakeAt === null) {
    if (session.retryCount === 0) return 'Waiting for a worker';
    return `Waiting for a worker to try again (${session.retryCount} of ${session.maxRetries})`;
  }
  const delay = durationInWords(Date.parse(session.wakeAt) - now.getTime());
  const verb = session.retryCount > 0 || session.error ? 'Trying again' : 'Going on';
  return reason ? `${verb} ${delay} because: ${reason}` : `${verb} ${delay}`;
}

function completedInWords(session: SessionState): string {
  if (session.statusReason) return withoutStop(session.statusReason);
  if (session.leadsFound === 0) return 'Done: nothing was found';
  return `Done: ${leadsInWords(session.leadsFound, session.leadsNew)}`;
}

function reasonOf(session: SessionState): string | null {
  const reason =
    session.status === 'failed'
      ? (session.error?.message ?? session.statusReason)
      : (session.statusReason ?? session.error?.message);
  return reason ? withoutStop(reason) : null;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

/** "in 40 s", "in 3 min", "in 2 h"; "now" when the time has come. */
function durationInWords(ms: number): string {
  if (ms <= 0) return 'now';
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `in ${seconds} s`;
  if (seconds < 7200) return `in ${Math.round(seconds / 60)} min`;
  return `in ${Math.round(seconds / 3600)} h`;
}
