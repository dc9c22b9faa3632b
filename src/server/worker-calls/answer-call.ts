import { z } from 'zod';
import { CALLS, CALLS_VERSION, CALLS_VERSION_HEADER, type CallName, isCallName } from '#workers/remote/calls/index.ts';
import { ApiError } from '../api-error.ts';
import { parseInput } from '../parse-input.ts';
import type { CallContext, CallHandlers } from './call-context.ts';
import { LEASE_HANDLERS } from './lease-handlers.ts';
import { PAGE_HANDLERS } from './page-handlers.ts';
import { PROXY_HANDLERS } from './proxy-handlers.ts';
import { SESSION_HANDLERS } from './session-handlers.ts';

export { CALL_BYTES_MAX } from '#workers/remote/calls/index.ts';

const HANDLERS: CallHandlers<CallName> = {
  ...LEASE_HANDLERS,
  ...SESSION_HANDLERS,
  ...PAGE_HANDLERS,
  ...PROXY_HANDLERS,
};

/**
 * Refuses machines that speak another version of the calls, before anything of theirs is looked at.
 * @throws ApiError 409.
 */
export function requireSameVersion(request: Request): void {
  const theirs = request.headers.get(CALLS_VERSION_HEADER);
  if (theirs === String(CALLS_VERSION)) return;
  throw new ApiError(
    'other_version',
    `This server speaks version ${CALLS_VERSION} of the worker calls, and the worker version ${(theirs ?? 'none').slice(0, 20)}. Run the same release on both.`,
  );
}

/** Does what a worker asks, as its answer goes over the wire. @throws ApiError 404 for an unknown call, 400, 403. */
export async function answerCall(context: CallContext, name: string | undefined, input: unknown): Promise<unknown> {
  if (name === undefined || !isCallName(name)) {
    throw new ApiError('not_found', `There is no worker call "${String(name).slice(0, 100)}".`);
  }
  return { answer: await answer(context, name, input) };
}

async function answer<Name extends CallName>(context: CallContext, name: Name, input: unknown): Promise<unknown> {
  const { args, answer: answerSchema } = CALLS[name];
  const handler = HANDLERS[name] as (context: CallContext, args: unknown) => Promise<unknown>;
  const given = parseInput(args, input);
  return z.encode(answerSchema as z.ZodType, await handler(context, given).catch(throwRefusal));
}

/** SQLSTATE classes of what breaks a constraint (23) or is larger than PostgreSQL can take (54). */
const REFUSED_FOR_GOOD = /^(23|54)...$/;

/**
 * What PostgreSQL refuses would be refused again, and a worker that has the database itself gives it up at once: so must this one.
 * @throws ApiError 400, or the error as it is.
 */
function throwRefusal(error: unknown): never {
  const isFinal = error instanceof Error && 'code' in error && REFUSED_FOR_GOOD.test(String(error.code));
  throw isFinal
    ? new ApiError('invalid_request', `PostgreSQL refuses this: ${error.message}`, { cause: error })
    : error;
}
