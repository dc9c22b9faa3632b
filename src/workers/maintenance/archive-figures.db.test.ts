import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_KEPT_DAYS } from '#lib/archive/kept-days.ts';
import { createDb, type Executor } from '#lib/db/create-db.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { pruneOldRows } from './prune-old-rows.ts';
import { retentionOf } from './retention.ts';

const RETENTION = retentionOf(DEFAULT_KEPT_DAYS);

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(async () => {
  await bed.clear();
  await bed.db.query('truncate archive_days');
});
afterAll(() => bed.drop());

/** Ended sessions of 300 days ago, a thousand a day, each with two attempts; every fifth failed and every tenth was cancelled. */
async function makeHistory(count: number): Promise<void> {
  await bed.db.query(
    `insert into scraping_sessions (batch_id, source, location, status, claim_number, created_at, completed_at)
     select gen_random_uuid(), case n % 3 when 0 then 'reddit' else 'permits' end, 'Georgia',
       case when n % 10 = 0 then 'cancelled' when n % 5 = 0 then 'failed' else 'completed' end, 4, at, at
     from generate_series(1, $1) n, lateral (select clock_timestamp() - make_interval(days => 300 - n / 1000) as at) t`,
    [count],
  );
  await bed.db.query(
    `insert into scraper_metrics (session_id, claim_number, source, location, outcome, timestamp, leads_found, leads_new,
       requests_made, requests_failed, bytes_received, duration_ms)
     select s.id, c, s.source, 'Georgia', case when c = 3 then s.status else 'retry' end, s.completed_at,
       s.id % 7, s.id % 3, 10, 1, 3000000000, 2000000000
     from scraping_sessions s, unnest(array[1, 3]) c`,
  );
}

/** All that is known per day and source, from the rows that are there and from the archive. */
async function figures() {
  return await bed.db.query(
    `select day, source, sum(completed)::int as completed, sum(failed)::int as failed, sum(cancelled)::int as cancelled,
       sum(attempts)::int as attempts, sum(attempts_failed)::int as attempts_failed, sum(found)::int as found,
       sum(fresh)::int as fresh, sum(made)::int as made, sum(refused)::int as refused, sum(bytes)::float8 as bytes,
       sum(duration)::float8 as duration
     from (
       select (completed_at at time zone 'UTC')::date::text as day, source, (status = 'completed')::int as completed,
         (status = 'failed')::int as failed, (status = 'cancelled')::int as cancelled, 0 as attempts, 0 as attempts_failed,
         0 as found, 0 as fresh, 0 as made, 0 as refused, 0 as bytes, 0 as duration from scraping_sessions
       union all
       select (timestamp at time zone 'UTC')::date::text, source, 0, 0, 0, 1, (outcome in ('retry', 'failed'))::int, leads_found,
         leads_new, requests_made, requests_failed, bytes_received, duration_ms from scraper_metrics
       union all
       select day::text, source, sessions_completed, sessions_failed, sessions_cancelled, attempts, attempts_failed, leads_found,
         leads_new, requests_made, requests_failed, bytes_received, duration_ms from archive_days) every
     group by 1, 2 order by 1, 2`,
  );
}

async function rowsLeft(): Promise<number> {
  const [row] = await bed.db.query<{ left: number }>(
    'select (select count(*) from scraping_sessions) + (select count(*) from scraper_metrics) as left',
  );
  return row?.left ?? -1;
}

describe('the figures of pruned sessions and attempts', () => {
  it('are added to their day and source, and nothing is missing or counted twice', async () => {
    await makeHistory(2_500);
    const before = await figures();
    expect(before).toHaveLength(6);
    await pruneOldRows(bed.db, RETENTION);
    expect(await rowsLeft()).toBe(0);
    expect(await figures()).toEqual(before);
  });

  it('stay right when several prune at once', async () => {
    await makeHistory(3_000);
    const before = await figures();
    const others = Array.from({ length: 4 }, (_, index) =>
      createDb({ connectionString: bed.url, applicationName: `eko-test-pruner-${index}`, max: 1 }),
    );
    const counts = await Promise.all(others.map((db) => pruneOldRows(db, RETENTION)));
    const rest = await pruneOldRows(bed.db, RETENTION);
    await Promise.all(others.map((db) => db.close()));
    expect([...counts, rest].reduce((sum, count) => sum + count.sessions, 0)).toBe(3_000);
    expect(await rowsLeft()).toBe(0);
    expect(await figures()).toEqual(before);
  });

  it('stay right when the connection is cut again and again, before and after a commit whose answer is lost', async () => {
    await makeHistory(700);
    const before = await figures();
    let statements = 0;
    const cutting: Executor = {
      async query(text, values) {
        if (!text.includes('archive_days')) return await bed.db.query(text, values);
        statements += 1;
        const rows = await bed.db.transaction(async (tx) => {
          const answer = await tx.query(text, values);
          if (statements % 5 === 0) throw new Error('cut before the commit');
          return answer;
        });
        if (statements % 5 === 2) throw new Error('cut after the commit');
        return rows as never;
      },
    };
    for (let round = 0; round < 200 && (await rowsLeft()) > 0; round += 1) {
      await pruneOldRows(cutting, RETENTION).catch(() => {});
    }
    expect(await rowsLeft()).toBe(0);
    expect(statements).toBeGreaterThan(20);
    expect(await figures()).toEqual(before);
  });
});
