import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { faultPoint } from '#lib/fault-point.ts';
import type { Claim } from './claim.ts';
import type { EndedAttempt } from './end-attempts.ts';

/** What a session became, or 'stale': the claim was no longer good and nothing was written. */
export type Settled = Exclude<SessionStatus, 'running'> | 'stale';

/** What became of one session, and the hosts whose lines may move on now. */
export interface SettledSession {
  status: Settled;
  hostKeys: string[];
}

/** Runs a statement of endAttempts for one claim. `rest` are its parameters from $3 on. */
export async function settleOne(
  db: Executor,
  statement: string,
  claim: Claim,
  rest: readonly unknown[],
): Promise<SettledSession> {
  const [row] = await db.query<EndedAttempt & QueryRow>(statement, [claim.id, claim.claimNumber, ...rest]);
  await faultPoint('after_commit');
  return row ?? { status: 'stale', hostKeys: [] };
}
