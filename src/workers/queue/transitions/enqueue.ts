import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { storableJson } from '../storable-json.ts';
import { inLineOf } from './end-attempts.ts';

/** One session to be made. */
export interface NewSession {
  source: string;
  location: string;
  params?: Record<string, unknown>;
  /** Higher goes first; default 0. */
  priority?: number;
  maxRetries?: number;
  /** Not before; at once unless given. */
  wakeAt?: Date;
  /** The host that it asks first, if that is known: it stands in that host's line until the host can take it. */
  hostKey?: string;
}

export interface EnqueuedSession {
  id: number;
  source: string;
  location: string;
  status: SessionStatus;
}

export interface EnqueueRequest {
  batchId: string;
  idempotencyKey: string | null;
  defaultMaxRetries: number;
  sessions: readonly NewSession[];
}

/**
 * Makes a batch and its sessions, or neither. With a key, the unique index decides among any number of callers at once:
 * the others wait for the winner's commit and get no rows, so they make no session either. Without a key, sessions may be
 * added to a batch that exists. The order of the answer is the order of the request.
 */
const ENQUEUE = `
with batch as (
  insert into session_batches (id, idempotency_key) values ($1::uuid, $2::text)
  on conflict do nothing
  returning id)
insert into scraping_sessions (batch_id, source, location, params, priority, max_retries, wake_at, host_key)
select $1::uuid, n.source, n.location, n.params, n.priority, n.max_retries, coalesce(n.wake_at, ${inLineOf('n.host_key')}),
  n.host_key
from unnest($3::text[], $4::text[], $5::jsonb[], $6::int[], $7::int[], $8::timestamptz[], $9::text[])
  with ordinality as n(source, location, params, priority, max_retries, wake_at, host_key, position)
where $2::text is null or exists (select from batch)
order by n.position
returning id, source, location, status`;

export async function enqueueSessions(db: Executor, request: EnqueueRequest): Promise<EnqueuedSession[]> {
  const { sessions } = request;
  const rows = await db.query<EnqueuedSession & QueryRow>(ENQUEUE, [
    request.batchId,
    request.idempotencyKey,
    sessions.map((session) => session.source),
    sessions.map((session) => session.location),
    sessions.map((session) => storableJson(session.params) ?? '{}'),
    sessions.map((session) => session.priority ?? 0),
    sessions.map((session) => session.maxRetries ?? request.defaultMaxRetries),
    sessions.map((session) => session.wakeAt?.toISOString() ?? null),
    sessions.map((session) => session.hostKey ?? null),
  ]);
  await faultPoint('after_enqueue');
  return rows.sort((a, b) => a.id - b.id);
}
