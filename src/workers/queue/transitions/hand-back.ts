import type { Executor } from '#lib/db/create-db.ts';
import { storableText } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import { endAttempts, HELD_BY_CLAIM, type HostKeyOption, hostKeyParameters, nextHostKey } from './end-attempts.ts';
import { type SettledSession, settleOne } from './settle-one.ts';

export interface HandBackOptions extends HostKeyOption {
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
  hostKey: nextHostKey('$5', '$6'),
});

export function handBackSession(db: Executor, claim: Claim, options: HandBackOptions): Promise<SettledSession> {
  const rest = [storableText(options.reason, 500), options.stats ?? null, ...hostKeyParameters(options)];
  return settleOne(db, HAND_BACK, claim, rest);
}
