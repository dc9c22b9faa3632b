import type { Executor } from '#lib/db/create-db.ts';
import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';
import { storableError } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import { endAttempts, HELD_BY_CLAIM } from './end-attempts.ts';
import { type SettledSession, settleOne } from './settle-one.ts';

export interface FailOptions {
  error: StoredError;
  stats?: AttemptStats | undefined;
}

/** Ends a session for good, whatever tries are left: another one would fail in the same way. */
const FAIL = endAttempts({
  held: HELD_BY_CLAIM,
  status: `'failed'`,
  outcome: `'failed'`,
  reason: `$3::jsonb->>'message'`,
  error: '$3::jsonb',
  stats: '$4::jsonb',
});

export function failSession(db: Executor, claim: Claim, options: FailOptions): Promise<SettledSession> {
  return settleOne(db, FAIL, claim, [storableError(options.error), options.stats ?? null]);
}
