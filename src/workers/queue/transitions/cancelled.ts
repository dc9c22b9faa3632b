import type { Executor } from '#lib/db/create-db.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import { endAttempts, HELD_BY_CLAIM } from './end-attempts.ts';
import { type SettledSession, settleOne } from './settle-one.ts';

export interface CancelledOptions {
  stats?: AttemptStats | undefined;
}

/** The worker's answer to a requested cancel: it has stopped, and what it had saved stays. */
const CANCELLED = endAttempts({
  held: HELD_BY_CLAIM,
  status: `'cancelled'`,
  outcome: `'cancelled'`,
  reason: `'Cancelled on request'`,
  stats: '$3::jsonb',
});

export function cancelSession(db: Executor, claim: Claim, options: CancelledOptions): Promise<SettledSession> {
  return settleOne(db, CANCELLED, claim, [options.stats ?? null]);
}
