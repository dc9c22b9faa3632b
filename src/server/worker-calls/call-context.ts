import type { SharedPorts } from '#workers/ports/shared-ports.ts';
import type { CallAnswer, CallArgs, CallName } from '#workers/remote/calls/index.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';

/** What the answer to a worker's call is made with. */
export interface CallContext extends Pick<ServerContext, 'db' | 'publisher' | 'signals'> {
  ports: SharedPorts;
  account: Account;
  /** Aborted when the caller has gone. */
  leaving: AbortSignal;
}

/** One handler for each call of a group. */
export type CallHandlers<Names extends CallName> = {
  [Name in Names]: (context: CallContext, args: CallArgs<Name>) => Promise<CallAnswer<Name>>;
};

/** The answer to what answers nothing. */
export async function done(work: Promise<void>): Promise<null> {
  await work;
  return null;
}
