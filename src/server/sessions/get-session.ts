import type { ApiAttempt, ApiHostWait, ApiSessionDetail } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { stateInWords } from '#lib/sessions/state-in-words.ts';
import { WAITING_AHEAD_MAX } from '#lib/sessions/waiting-ahead-max.ts';
import { ApiError } from '../api-error.ts';
import { findHostWait } from '../hosts/find-host-wait.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { DETAIL_COLUMNS } from './session-columns.ts';

const ATTEMPTS_MAX = 100;

/** One session with its attempts and what it is doing, in words. @throws ApiError 404. */
export async function getSession(db: Executor, id: number): Promise<ApiSessionDetail> {
  const [row] = await db.query(`select ${DETAIL_COLUMNS} from scraping_sessions s where s.id = $1`, [id]);
  if (!row) throw sessionNotFound(id);
  const session = withIsoTimes<ApiSessionDetail>(row);
  const isReady = session.status === 'pending' && session.wakeAt === null && session.inLineFor === null;
  return {
    ...session,
    stateInWords: stateInWords(session, new Date()),
    attempts: await listAttempts(db, id),
    waitingAhead: isReady ? await countWaitingAhead(db, session) : null,
    waitsFor: session.status === 'pending' && !isReady ? await findWait(db, session) : null,
  };
}

/** One that stands in the line of its host waits for it; one that sleeps does so only if the host may not be asked either. */
async function findWait(db: Executor, { hostKey, inLineFor }: ApiSessionDetail): Promise<ApiHostWait | null> {
  if (hostKey === null) return null;
  const wait = await findHostWait(db, hostKey);
  const holdsUp = wait !== null && wait.state !== 'ready' && wait.state !== 'slowed';
  if (holdsUp || inLineFor === null) return holdsUp ? wait : null;
  return { hostKey, state: wait?.state ?? 'ready', until: null, reason: null };
}

export function sessionNotFound(id: number): ApiError {
  return new ApiError('not_found', `There is no session ${id}.`, {
    details: [{ field: 'id', message: 'is not known' }],
  });
}

/** Newest first. */
async function listAttempts(db: Executor, sessionId: number): Promise<ApiAttempt[]> {
  const rows = await db.query(
    `select m.claim_number as id, m.claim_number as "claimNumber", m.started_at as "startedAt", m.timestamp as "endedAt",
       m.duration_ms as "durationMs", m.outcome, m.worker_id as "workerId", m.proxy_used as "proxyUsed",
       m.requests_made as "requestsMade", m.requests_failed as "requestsFailed", m.bytes_received as "bytesReceived",
       m.leads_found as "leadsFound", m.leads_new as "leadsNew", m.error - 'stack' as error
     from scraper_metrics m where m.session_id = $1 order by m.claim_number desc limit ${ATTEMPTS_MAX}`,
    [sessionId],
  );
  return rows.map((row) => withIsoTimes<ApiAttempt>(row));
}

/** How many ready sessions of the source are claimed before this one: the order of the ready index. */
async function countWaitingAhead(db: Executor, session: ApiSessionDetail): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*) from (
       select from scraping_sessions s
       where s.status = 'pending' and s.wake_at is null and s.source = $1 and (-s.priority, s.id) < (-$2::int, $3::bigint)
       limit ${WAITING_AHEAD_MAX}) as counted`,
    [session.source, session.priority, session.id],
  );
  return row?.count ?? 0;
}
