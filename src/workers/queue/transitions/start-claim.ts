import { BOT_START_SECONDS } from '#lib/bots/bot-timing.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { Claim } from './claim.ts';
import { HELD_BY_CLAIM } from './end-attempts.ts';

/** What a bot learns when it starts. */
export interface StartedClaim {
  startedAt: Date;
  timeoutAt: Date;
  cancelRequested: boolean;
}

/** Time limits from here on are those of started claims. The clock goes on between the two columns of a claim, hence the room. */
const STARTED_SECONDS_MIN = BOT_START_SECONDS * 2;

/**
 * SQL over a running session of a bot: it has not said yet that it works on it. Such a claim has BOT_START_SECONDS as its time
 * limit; starting gives it the one of its source.
 */
export const notStarted = (session: string): string =>
  `${session}.timeout_at < ${session}.started_at + interval '${(BOT_START_SECONDS + STARTED_SECONDS_MIN) / 2} seconds'`;

/** The limit counts from the claim, so a repeated start changes nothing and gets the same answer. */
const START_CLAIM = `
with held as materialized (${HELD_BY_CLAIM})
update scraping_sessions s set
  timeout_at = case when ${notStarted('s')} then s.started_at + make_interval(secs => $3::int / 1000.0) else s.timeout_at end
from held where s.id = held.id
returning s.started_at as "startedAt", s.timeout_at as "timeoutAt", s.cancel_requested as "cancelRequested"`;

/** Null when the claim is no longer good. @param timeoutMs at least two minutes; less counts as that. */
export async function startClaim(db: Executor, claim: Claim, timeoutMs: number): Promise<StartedClaim | null> {
  const limitMs = Math.max(timeoutMs, STARTED_SECONDS_MIN * 1000);
  const [row] = await db.query<StartedClaim & QueryRow>(START_CLAIM, [claim.id, claim.claimNumber, limitMs]);
  return row ?? null;
}

const FIND_NOT_STARTED = `
select s.id, s.claim_number as "claimNumber" from scraping_sessions s
where s.status = 'running' and s.worker_id = $1::text and ${notStarted('s')}`;

/** The claims of a bot that it has not started. */
export async function findNotStarted(db: Executor, botId: string): Promise<Claim[]> {
  return await db.query<Claim & QueryRow>(FIND_NOT_STARTED, [botId]);
}
