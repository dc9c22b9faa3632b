import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { EnqueuedSession } from './enqueue.ts';

/** What an idempotency key made earlier, with the states of now. Sees every batch whose enqueue has returned. */
const FIND_BATCH = `
select b.id as batch_id, s.id, s.source, s.location, s.status
from session_batches b join scraping_sessions s on s.batch_id = b.id
where b.idempotency_key = $1::text
order by s.id`;

export async function findBatchByKey(
  db: Executor,
  idempotencyKey: string,
): Promise<{ batchId: string; sessions: EnqueuedSession[] } | null> {
  const rows = await db.query<EnqueuedSession & { batch_id: string } & QueryRow>(FIND_BATCH, [idempotencyKey]);
  const [first] = rows;
  if (!first) return null;
  return {
    batchId: first.batch_id,
    sessions: rows.map(({ id, source, location, status }) => ({ id, source, location, status })),
  };
}
