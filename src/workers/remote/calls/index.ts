import type { z } from 'zod';
import { LEASE_CALLS } from './lease-calls.ts';
import { PAGE_CALLS } from './page-calls.ts';
import { PROXY_CALLS } from './proxy-calls.ts';
import { SESSION_CALLS } from './session-calls.ts';

/**
 * Everything that a worker without a database asks of a server. Raise the version when a call changes its meaning or its shape:
 * machines of another version are told so, and do nothing until they fit. A call that is new needs none where its callers can do
 * without it: see CallUnknownError.
 */
export const CALLS = { ...LEASE_CALLS, ...SESSION_CALLS, ...PAGE_CALLS, ...PROXY_CALLS };
export const CALLS_VERSION = 2;
export const CALLS_VERSION_HEADER = 'eko-calls-version';

/** More than this is refused with 413. */
export const CALL_BYTES_MAX = 16 * 1024 * 1024;

export type CallName = keyof typeof CALLS;
export type CallArgs<Name extends CallName> = z.output<(typeof CALLS)[Name]['args']>;
export type CallAnswer<Name extends CallName> = z.output<(typeof CALLS)[Name]['answer']>;

export function isCallName(text: string): text is CallName {
  return Object.hasOwn(CALLS, text);
}
