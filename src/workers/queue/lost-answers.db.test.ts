import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { withDatabaseRetry } from '../database-retry.ts';
import { JobQueue } from './job-queue.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const ROUNDS = process.env.LONG_RUN === '1' ? 200 : 5;

let bed: QueueBed;
let proxy: TcpFaultProxy;
let db: Db;
let queue: JobQueue;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterAll(() => bed.drop());
beforeEach(async () => {
  proxy = await TcpFaultProxy.start({ port: Number(new URL(bed.url).port) });
  db = createDb({ connectionString: proxy.through(bed.url), applicationName: 'eko-test', max: 2 });
  queue = new JobQueue({ db });
});
afterEach(async () => {
  await db.close();
  await proxy.close();
  await bed.clear();
});

/** Does `work` until it answers; the answer to its first statement that contains `text` never arrives, though it was carried out. */
async function withLostAnswer<T>(text: string, work: () => Promise<T>): Promise<T> {
  let tries = 0;
  const lost = proxy.swallowReplyTo(text);
  const answer = await withDatabaseRetry(
    () => {
      tries += 1;
      return work();
    },
    { mayContinue: () => true, capMs: 1 },
  );
  await lost;
  expect(tries).toBe(2);
  return answer;
}

const count = async (what: string) =>
  (await bed.db.query<{ n: number }>(`select count(*)::int as n from ${what}`))[0]?.n;

describe(`a commit whose answer is lost, ${ROUNDS} times`, { timeout: 120_000 }, () => {
  it('makes no session twice when the enqueue has a key', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = { source: 'permits', location: `Place ${round}` };
      const made = await withLostAnswer('insert into scraping_sessions', () =>
        queue.enqueue([session], { idempotencyKey: `key ${round}` }),
      );
      expect(made.sessions).toMatchObject([session]);
    }
    expect(await count('scraping_sessions')).toBe(ROUNDS);
  });

  it('saves a checkpoint once, with its leads counted once', async () => {
    const claim = await bed.start();
    await bed.db.query('create table if not exists finds (page int primary key)');
    await bed.db.query('truncate finds');
    for (let page = 1; page <= ROUNDS; page += 1) {
      const answer = await withLostAnswer('commit\0', () =>
        queue.checkpoint(claim, { cursor: page }, async (tx) => {
          const made = await tx.query('insert into finds values ($1) on conflict do nothing returning page', [page]);
          return { found: made.length, fresh: made.length };
        }),
      );
      expect(answer).toMatchObject({ found: page, fresh: page });
    }
    expect(await bed.row(claim.id)).toMatchObject({ cursor: ROUNDS, leadsFound: ROUNDS });
  });

  it('completes a session once, and says that it is completed', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const claim = await bed.start();
      const done = await withLostAnswer('completed_at = clock_timestamp()', () => queue.complete([claim]));
      expect(done).toEqual(new Set([claim.id]));
    }
    expect(await count(`scraping_sessions where status = 'completed'`)).toBe(ROUNDS);
    expect(await count(`scraper_metrics where outcome = 'completed'`)).toBe(ROUNDS);
  });

  it('charges a failed try once; the second answer is stale, and nothing is written twice', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const claim = await bed.start({ priority: round });
      const error = { code: 'network', message: 'No answer' };
      expect(await withLostAnswer('retry_count', () => queue.retry(claim, { error }))).toBe('stale');
      expect(await bed.row(claim.id)).toMatchObject({ status: 'pending', retryCount: 1 });
      expect(await bed.attempts(claim.id)).toHaveLength(1);
    }
  });
});
