import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { type ClaimedSession, JobQueue, type NewSession } from './job-queue.ts';

const HOST = 'slow.example';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
  // When the table is analysed is for the tests to say: the server does it whenever its own worker comes by, and plans by what that saw.
  await bed.db.query('alter table scraping_sessions set (autovacuum_enabled = false)');
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

/** Sessions named A, B, C … that ask one host. */
const atHost = (names: string, rest: Partial<NewSession> = {}): NewSession[] =>
  [...names].map((location) => ({ source: 'permits', location, hostKey: HOST, ...rest }));

const locations = (claimed: readonly ClaimedSession[]) => claimed.map((session) => session.location);

async function claimOne(): Promise<ClaimedSession> {
  const [claimed] = await bed.claim('worker', 1);
  if (!claimed) throw new Error('Nothing could be claimed.');
  return claimed;
}

/**
 * The blocks that the statements of `act` touch, as their plans tell. On a connection of its own: one that has worked on a small table
 * keeps the plans of its functions until the table is analysed again.
 */
async function blocksTouched(act: (queue: JobQueue) => Promise<unknown>): Promise<number> {
  const db = createDb({ connectionString: bed.url, applicationName: 'eko-test-fresh', max: 1 });
  let blocks = 0;
  const explain = async (text: string, values: readonly unknown[] = []) => {
    const [row] = await db.query(`explain (analyze, buffers, format json) ${text}`, values);
    const [{ Plan: plan }] = (row as { 'QUERY PLAN': [{ Plan: Record<string, number> }] })['QUERY PLAN'];
    blocks += (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
    return [];
  };
  await act(new JobQueue({ db: { ...db, query: explain } as typeof db }));
  await db.close();
  return blocks;
}

describe('the line of a host', () => {
  it('lets the host be asked by one session at a time, with a spare one, best priority first, then oldest', async () => {
    await bed.setHost(HOST);
    await bed.queue.enqueue([...atHost('AB'), ...atHost('C', { priority: 5 }), ...atHost('DE')]);
    expect(await bed.hostSessions(HOST)).toEqual({ running: [], ready: ['C', 'A'], inLine: ['B', 'D', 'E'] });
    expect(locations(await bed.claim())).toEqual(['C', 'A']);
    await bed.queue.tick();
    expect(await bed.claim()).toEqual([]);
  });

  it('lets as many go on as a host serves at once or begins with within half a second', async () => {
    await bed.setHost(HOST, { maxInflight: 3, gapMs: 100 });
    await bed.queue.enqueue(atHost('ABCDEFGHIJ'));
    expect(await bed.claim()).toHaveLength(8);
  });

  it('moves on as soon as a session ends, in whatever way, without a tick', async () => {
    await bed.setHost(HOST);
    await bed.queue.enqueue(atHost('ABCDEFGH'));
    const ends: ((claim: ClaimedSession) => Promise<unknown>)[] = [
      (claim) => bed.queue.complete([claim]),
      (claim) => bed.queue.fail(claim, { error: { code: 'network', message: 'no' } }),
      (claim) => bed.queue.retry(claim, { error: { code: 'network', message: 'no' } }),
      (claim) => bed.queue.snooze(claim, { delayMs: 60_000, reason: 'rest' }),
      (claim) => bed.queue.cancelled(claim),
    ];
    for (const end of ends) {
      await end(await claimOne());
      const { running, ready } = await bed.hostSessions(HOST);
      expect({ running, ready: ready.length }).toEqual({ running: [], ready: 2 });
    }
    expect((await bed.hostSessions(HOST)).ready).toEqual(['F', 'G']);
  });

  it('takes back what a killed worker held at its old place', async () => {
    await bed.setHost(HOST);
    await bed.register('killed');
    await bed.queue.enqueue(atHost('ABCD'));
    expect(locations(await bed.claim('killed', 2))).toEqual(['A', 'B']);
    await bed.queue.releaseWorker('killed', 'killed');
    expect(await bed.hostSessions(HOST)).toEqual({ running: [], ready: ['A', 'B'], inLine: ['C', 'D'] });
  });

  it('gives the place of a ready session to one that is more urgent', async () => {
    await bed.setHost(HOST);
    await bed.queue.enqueue(atHost('AB'));
    await bed.queue.enqueue(atHost('C', { priority: 1 }));
    expect(await bed.hostSessions(HOST)).toEqual({ running: [], ready: ['C', 'A'], inLine: ['B'] });
  });

  it.each([
    ['is paused', { pausedS: 60 }],
    ['is in back-off', { backoffS: 60 }],
    ['may be asked in half a minute only', { nextInS: 30 }],
  ])('hands out nothing while the host %s, and goes on when that is over', async (_why, state) => {
    await bed.setHost(HOST, state);
    await bed.setHost('other.example');
    await bed.queue.enqueue(atHost('ABC'));
    await bed.queue.enqueue([{ source: 'permits', location: 'other', hostKey: 'other.example' }]);
    await bed.queue.tick();
    expect(locations(await bed.claim())).toEqual(['other']);
    await bed.setHost(HOST, { nextInS: 4 });
    expect(await bed.queue.tick(['permits'])).toEqual({ ready: true });
    expect(locations(await bed.claim())).toEqual(['A', 'B']);
  });

  it('passes over a session whose host was paused after it became ready, and puts it back in line', async () => {
    await bed.setHost(HOST);
    await bed.queue.enqueue([...atHost('AB'), { source: 'permits', location: 'free' }]);
    await bed.setHost(HOST, { pausedS: 60 });
    expect(locations(await bed.claim())).toEqual(['free']);
    expect(await bed.queue.tick()).toEqual({ ready: false });
    expect(await bed.hostSessions(HOST)).toEqual({ running: [], ready: [], inLine: ['A', 'B'] });
  });

  it('lets a session sleep for its own delay before it joins the line', async () => {
    await bed.setHost(HOST);
    const claim = await bed.start({ location: 'S' });
    await bed.queue.snooze(claim, { delayMs: 60_000, reason: 'rest', hostKey: HOST });
    await bed.queue.tick();
    expect(await bed.row(claim.id)).toMatchObject({ hostKey: HOST, statusReason: 'rest' });
    expect((await bed.row(claim.id)).wakeInMs).toBeGreaterThan(50_000);
    await bed.setHost(HOST, { pausedS: 60 });
    await bed.wakeAll();
    expect(await bed.hostSessions(HOST)).toEqual({ running: [], ready: [], inLine: ['S'] });
  });

  it('keeps the host of a session unless another, or none, is given', async () => {
    const claim = await bed.start({ hostKey: HOST });
    await bed.queue.handBack(claim, { reason: 'stop' });
    expect(await bed.row(claim.id)).toMatchObject({ hostKey: HOST });
    await bed.queue.retry(await claimOne(), { error: { code: 'x', message: 'x' }, delayMs: 0, hostKey: 'b.example' });
    expect(await bed.row(claim.id)).toMatchObject({ hostKey: 'b.example' });
    await bed.queue.handBack(await claimOne(), { reason: 'stop', hostKey: null });
    expect(await bed.row(claim.id)).toMatchObject({ hostKey: null, wakeInMs: null });
  });

  it('never has more sessions ready or running than the host can take, whoever moves the line at once', async () => {
    await bed.setHost(HOST);
    await bed.queue.enqueue(atHost('ABCDEFGHIJKLMNOPQRSTUVWXYZ'.repeat(2), {}));
    const queues = Array.from({ length: 8 }, () => bed.otherQueue());
    let running = 0;
    let runningMax = 0;
    let done = 0;
    await Promise.all(
      queues.map(async (queue) => {
        while (done < 52) {
          await queue.tick();
          const claimed = await bed.claim('worker', 3, queue);
          running += claimed.length;
          runningMax = Math.max(runningMax, running);
          const { ready } = await bed.hostSessions(HOST);
          expect(ready.length).toBeLessThanOrEqual(2);
          running -= claimed.length;
          const completed = await queue.complete(claimed);
          done += completed.size;
        }
      }),
    );
    expect(runningMax).toBeLessThanOrEqual(2);
    expect(runningMax).toBeGreaterThan(0);
  });

  it('resumes a host: its sessions wake and go on at once', async () => {
    await bed.setHost(HOST, { pausedS: 3600, backoffS: 3600 });
    const sleeper = await bed.start({ location: 'S' });
    await bed.queue.snooze(sleeper, { delayMs: 3_000_000, reason: 'paused', hostKey: HOST });
    const failed = await bed.start({ location: 'F' });
    await bed.queue.retry(failed, { error: { code: 'x', message: 'x' }, delayMs: 3_000_000, hostKey: HOST });
    await bed.queue.enqueue(atHost('AB'));
    expect(await bed.claim()).toEqual([]);
    expect(await bed.queue.resumeHost(HOST)).toBe(true);
    expect(locations(await bed.claim())).toEqual(['S', 'A']);
    expect(await bed.queue.resumeHost('unknown.example')).toBe(false);
    // Its delay is its own, not the host's.
    const [sleeping] = await bed.db.query(
      `select wake_at < 'infinity' and wake_at > now() as sleeps from scraping_sessions where id = $1`,
      [failed.id],
    );
    expect(sleeping?.sleeps).toBe(true);
  });

  it('starts a session again by hand at its place in the line', async () => {
    await bed.setHost(HOST, { pausedS: 60 });
    const claim = await bed.start();
    await bed.queue.retry(claim, { error: { code: 'x', message: 'x' }, delayMs: 1, hostKey: HOST });
    await bed.queue.requestCancel(claim.id);
    expect(await bed.queue.retryByHand(claim.id)).toBe('pending');
    expect((await bed.hostSessions(HOST)).inLine).toEqual(['Georgia']);
  });
});

describe('fifty thousand sessions in the line of one host', () => {
  it.each(['before they came', 'after they came'])('cost others nothing, with a table analysed %s', async (when) => {
    await bed.setHost(HOST);
    await bed.setHost('other.example');
    if (when === 'before they came') await bed.db.query('analyze scraping_sessions');
    await bed.queue.enqueue(atHost('AB'));
    await bed.db.query(
      `insert into scraping_sessions (batch_id, source, location, host_key, wake_at, priority)
       select gen_random_uuid(), 'permits', 'Georgia', $1, 'infinity', i % 7 from generate_series(1, 50000) i`,
      [HOST],
    );
    if (when === 'after they came') await bed.db.query('analyze scraping_sessions');
    await bed.queue.enqueue([
      ...Array.from({ length: 20 }, (_, index) => ({ source: 'permits', location: `free ${index}` })),
      { source: 'permits', location: 'other', hostKey: 'other.example' },
    ]);
    const claim = { workerId: 'worker', sources: ['permits', 'other'], limit: 10, jobTimeoutMs: 60_000 };
    const touched = [
      await blocksTouched((queue) => queue.tick()),
      await blocksTouched((queue) => queue.claim(claim)),
      await blocksTouched((queue) => queue.resumeHost(HOST)),
    ];
    // Planning for the first time takes 1,200 blocks; reading the table would take 1,300 more, and walking the line 50,000.
    expect(Math.max(...touched)).toBeLessThan(2_000);
    // Ten were claimed while that was measured: two of the host, and eight of the others.
    expect(await bed.claim('worker', 50)).toHaveLength(13);
    const { running, ready } = await bed.hostSessions(HOST);
    expect([running.length, ready.length]).toEqual([2, 0]);
  });
});
