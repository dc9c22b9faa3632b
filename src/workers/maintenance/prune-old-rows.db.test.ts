import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { DEFAULT_RETENTION, pruneOldRows } from './prune-old-rows.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

/** Makes sessions of a status that were made and ended some days ago. */
async function makeSessions(count: number, status: string, daysAgo: number): Promise<void> {
  await bed.db.query(
    `with batch as (insert into session_batches (id, created_at)
       values (gen_random_uuid(), clock_timestamp() - make_interval(days => $3)) returning id)
     insert into scraping_sessions (batch_id, source, location, status, created_at, completed_at)
     select batch.id, 'permits', 'Georgia', $2, clock_timestamp() - make_interval(days => $3),
       case when $2 in ('completed', 'failed', 'cancelled') then clock_timestamp() - make_interval(days => $3) end
     from batch, generate_series(1, $1)`,
    [count, status, daysAgo],
  );
}

async function countRows(table: 'scraping_sessions' | 'session_batches' | 'session_logs' | 'scraper_metrics') {
  const [row] = await bed.db.query(`select count(*)::int as rows from ${table}`);
  return row?.rows;
}

describe('pruneOldRows', () => {
  it('deletes ended sessions past their age with their batch, and never one that still waits or runs', async () => {
    await makeSessions(1_500, 'pending', 200);
    await makeSessions(2_500, 'completed', 100);
    await makeSessions(3, 'running', 100);
    await makeSessions(2, 'failed', 10);
    const counts = await pruneOldRows(bed.db);
    expect(counts).toMatchObject({ sessions: 2_500, batches: 1 });
    expect(await countRows('scraping_sessions')).toBe(1_505);
    expect(await countRows('session_batches')).toBe(3);
  });

  it('deletes old attempts, log lines and workers that are no more', async () => {
    await bed.db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, timestamp)
       select n, 1, 'permits', 'Georgia', 'completed', clock_timestamp() - make_interval(days => n) from generate_series(179, 182) n`,
    );
    await bed.db.query(
      `insert into session_logs (session_id, claim_number, level, message, at)
       select n, 1, 'info', 'hello', clock_timestamp() - make_interval(days => n) from generate_series(20, 10, -1) n`,
    );
    await bed.register('long gone');
    await bed.queue.deregisterWorker('long gone', { status: 'stopped', reason: 'done' });
    await bed.db.query(
      `update worker_instances set last_heartbeat = clock_timestamp() - interval '8 days' where worker_id = 'long gone'`,
    );
    const counts = await pruneOldRows(bed.db);
    expect(counts).toEqual({ logs: 7, metrics: 3, sessions: 0, batches: 0, workers: 1 });
    expect([await countRows('session_logs'), await countRows('scraper_metrics')]).toEqual([4, 1]);
  });

  it('may be run by several managers at once', async () => {
    await makeSessions(3_000, 'completed', 100);
    const counts = await Promise.all([1, 2, 3].map(() => pruneOldRows(bed.db)));
    const rest = await pruneOldRows(bed.db);
    const deleted = [...counts, rest].reduce((sum, count) => sum + count.sessions, 0);
    expect(deleted).toBe(3_000);
  });

  it('stops when it is told to', async () => {
    await makeSessions(5, 'completed', 100);
    const counts = await pruneOldRows(bed.db, DEFAULT_RETENTION, AbortSignal.abort());
    expect(counts.sessions).toBe(0);
  });
});
