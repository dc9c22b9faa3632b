import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_KEPT_DAYS } from '#lib/archive/kept-days.ts';
import { createDb, type Executor } from '#lib/db/create-db.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import { pruneOldRows } from '#workers/maintenance/prune-old-rows.ts';
import { retentionOf } from '#workers/maintenance/retention.ts';
import type { ClaimPosition } from './claim-cursor.ts';
import { claimSessions } from './transitions/claim.ts';

/** What a claim costs, in blocks that it touches: unlike its time, that does not depend on how busy the machine is. */

/** Sessions that ended too long ago to be kept. */
const ENDED = 200_000;
const RETENTION = retentionOf(DEFAULT_KEPT_DAYS);

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
  // When the table is analysed is for the tests to say: the server does it whenever its own worker comes by, and plans by what that saw.
  await bed.db.query('alter table scraping_sessions set (autovacuum_enabled = false)');
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

const START: ClaimPosition = { rank: -2_147_483_648, id: 0 };

/** The blocks that a claim of ten sessions touches which begins behind a position in the ready index. It does claim them. */
async function claimBlocks(position = START): Promise<number> {
  let blocks = 0;
  const explaining: Executor = {
    async query(text, values) {
      const [row] = await bed.db.query(`explain (analyze, buffers, format json) ${text}`, values);
      const [{ Plan: plan }] = (row as { 'QUERY PLAN': [{ Plan: Record<string, number> }] })['QUERY PLAN'];
      expect(plan['Actual Rows']).toBe(10);
      blocks += (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
      return [];
    },
  };
  await claimSessions(explaining, 'worker', [{ source: 'permits', ...position, jobTimeoutMs: 60_000 }], 10);
  return blocks;
}

async function makeEnded(count: number): Promise<void> {
  await bed.db.query(
    `insert into scraping_sessions (batch_id, source, location, status, created_at, completed_at)
     select gen_random_uuid(), 'permits', 'Georgia', 'completed', at, at
     from generate_series(1, $1) n, lateral (select clock_timestamp() - make_interval(days => 200 - n / 500) as at) t`,
    [count],
  );
}

async function countEnded(): Promise<number> {
  const [row] = await bed.db.query<{ count: number }>(
    `select count(*)::int as count from scraping_sessions where status = 'completed'`,
  );
  return row?.count ?? 0;
}

const enqueue = (count: number) =>
  bed.queue.enqueue(Array.from({ length: count }, (_, index) => ({ source: 'permits', location: `Place ${index}` })));

describe('a claim', () => {
  it('costs the same with 200,000 ended sessions in the table, and while they are pruned', async () => {
    await enqueue(80);
    await bed.db.query('analyze scraping_sessions');
    const empty = await claimBlocks();
    for (let part = 0; part < 4; part += 1) await makeEnded(ENDED / 4);
    await bed.db.query('analyze scraping_sessions');
    const full = await claimBlocks();
    const stop = new AbortController();
    const pruning = pruneOldRows(bed.db, RETENTION, { signal: stop.signal });
    await waitFor(async () => (await countEnded()) < ENDED, { what: 'the first sessions to be pruned' });
    const during: number[] = [];
    for (let claim = 0; claim < 4; claim += 1) during.push(await claimBlocks());
    stop.abort();
    const { sessions } = await pruning;
    expect(sessions).toBeLessThan(ENDED);
    const after = await claimBlocks();
    // Of ten sessions each; reading the table takes 4,000 blocks, and planning for the first time some hundred.
    expect(Math.max(full, after, ...during)).toBeLessThan(empty + 300);
  }, 120_000);

  it('costs at most three times as much while a transaction has been idle since before 20,000 sessions came and went', async () => {
    await enqueue(40);
    const baseline = await claimBlocks();
    const idle = createDb({ connectionString: bed.url, applicationName: 'eko-test-idle', max: 1 });
    try {
      await idle.transaction(async (holder) => {
        await holder.query('set transaction isolation level repeatable read');
        await holder.query('set local idle_in_transaction_session_timeout = 0');
        await holder.query('select from scraping_sessions limit 1');
        const reached = await churn(20);
        await enqueue(20);
        // What a process does that works all the time: it goes on where its last claim ended.
        expect(await claimBlocks(reached)).toBeLessThan(3 * baseline);
        // What it does once a second, and would do each time without its cursor.
        expect(await claimBlocks()).toBeGreaterThan(5 * baseline);
      });
    } finally {
      await idle.close();
    }
  }, 120_000);
});

/** Lets thousands of sessions come and go; gives the place of the last one in the ready index. */
async function churn(thousands: number): Promise<ClaimPosition> {
  const queue = bed.otherQueue();
  let last = 0;
  for (let round = 0; round < thousands; round += 1) {
    await enqueue(1_000);
    for (;;) {
      const claimed = await queue.claim({ workerId: 'worker', sources: ['permits'], limit: 500, jobTimeoutMs: 60_000 });
      if (claimed.length === 0) break;
      last = Math.max(last, ...claimed.map((session) => session.id));
      await queue.complete(claimed);
    }
  }
  return { rank: 0, id: last };
}
