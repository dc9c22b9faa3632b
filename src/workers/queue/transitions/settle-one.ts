import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SessionStatus } from '#lib/db/schema/vocabulary.ts';
import type { Claim } from './claim.ts';

/** What a session became, or 'stale': the claim was no longer good and nothing was written. */
export type Settled = Exclude<SessionStatus, 'running'> | 'stale';

/** Runs a statement of endAttempts for one claim. `rest` are its parameters from $3 on. */
export async function settleOne(
  db: Executor,
  statement: string,
  claim: Claim,
  rest: readonly unknown[],
): Promise<Settled> {
  const [row] = await db.query<{ id: number; status: Settled } & QueryRow>(statement, [
    claim.id,
    claim.claimNumber,
    ...rest,
  ]);
  return row?.status ?? 'stale';
}
