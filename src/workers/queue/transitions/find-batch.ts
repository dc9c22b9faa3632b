import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { EnqueuedSession } from './enqueue.ts';

/** What an idempotency key made earlier, with the states of now. Sees every batch whose enqueue has returned. */
const FIND_BATCH = `
select b.id as batch_id, s.id, s.source, s.location, s.status
from session_batches b left join scraping_sessions s on s.batch_id = b.id
where b.idempotency_key = $1::text
order by s.id`;

/** Without sessions when they are gone, having been pruned before their batch. */
export async function findBatchByKey(
  db: Executor,
  idempotencyKey: string,
): Promise<{ batchId: string; sessions: EnqueuedSession[] } | null> {
  const rows = await db.query<EnqueuedSession & { batch_id: string } & QueryRow>(FIND_BATCH, [idempotencyKey]);
  const [first] = rows;
  if (!first) return null;
  return {
    batchId: first.batch_id,
    sessions: rows
      .filter(({ id }) => id !== null)
      .map(({ id, source, location, status }) => ({ id, source, location, status })),
  };
}

/**
 * Frees a key whose sessions are gone. Of several callers at once, the later ones find the batch that the first made in its
 * place, or nothing: a batch and its sessions are committed together.
 */
export async function deleteEmptyBatch(db: Executor, batchId: string): Promise<void> {
  await db.query(
    `delete from session_batches b
     where b.id = $1::uuid and not exists (select from scraping_sessions s where s.batch_id = b.id)`,
    [batchId],
  );
}
