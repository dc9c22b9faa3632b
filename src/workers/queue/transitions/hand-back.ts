import type { Executor } from '#lib/db/create-db.ts';
import { storableText } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import { endAttempts, HELD_BY_CLAIM } from './end-attempts.ts';
import { type Settled, settleOne } from './settle-one.ts';

export interface HandBackOptions {
  reason: string;
  stats?: AttemptStats | undefined;
}

/** We stop, not the session: claimable again at once, no attempt charged, its last checkpoint kept. */
const HAND_BACK = endAttempts({
  held: HELD_BY_CLAIM,
  status: `'pending'`,
  outcome: `'interrupted'`,
  reason: '$3::text',
  stats: '$4::jsonb',
});

export function handBackSession(db: Executor, claim: Claim, options: HandBackOptions): Promise<Settled> {
  return settleOne(db, HAND_BACK, claim, [storableText(options.reason, 500), options.stats ?? null]);
}
