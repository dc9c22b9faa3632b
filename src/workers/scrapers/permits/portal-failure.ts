import {
  AppError,
  BlockedError,
  HostNotReadyError,
  HostUnknownError,
  NetworkError,
  ProxyError,
  ThrottledError,
} from '#lib/errors.ts';

/** `again`: the portal may work later. `final`: asking again changes nothing. `offline`: final, if others were read. */
export type FailureKind = 'again' | 'final' | 'offline';

/**
 * What an error means for one portal; null where it is about the session as a whole (cancelled, lease lost, shutdown,
 * database) or a bug, and must be thrown on.
 */
export function judgeFailure(error: unknown): FailureKind | null {
  if (!(error instanceof AppError)) return null;
  if (error instanceof HostUnknownError) return 'offline';
  if (error instanceof NetworkError || error instanceof ThrottledError) return 'again';
  if (error instanceof HostNotReadyError || error instanceof ProxyError) return 'again';
  if (error instanceof BlockedError || error.disposition === 'skip-page') return 'final';
  return error.code === 'layout_changed' ? 'final' : null;
}

/** A failure that does not use up an attempt of the session. */
export function isWaiting(error: AppError): boolean {
  return error.disposition === 'snooze';
}
