import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailableError, InvalidInputError } from '#lib/errors.ts';
import { armFaultPoints } from '#lib/fault-point.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import { type ClaimedSession, JobQueue, type NewSession } from './job-queue.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(() => bed.clear());
afterEach(() => armFaultPoints(undefined));
afterAll(() => bed.drop());

const sessions = (count: number, rest: Partial<NewSession> = {}): NewSession[] =>
  Array.from({ length: count }, (_, index) => ({ source: 'permits', location: `Place ${index}`, ...rest }));

const ids = (claimed: readonly { id: number }[]) => claimed.map((session) => session.id);

describe('enqueue', () => {
  it('makes one batch whose sessions come back in the order asked for', async () => {
    const answer = await bed.queue.enqueue(sessions(20));
    expect(answer.created).toBe(true);
    expect(answer.sessions.map((session) => session.location)).toEqual(sessions(20).map((session) => session.location));
    expect(answer.sessions.every((session) => session.status === 'pending')).toBe(true);
  });

  it('makes one batch and one set of sessions out of 50 calls at once with one key', async () => {
    const queues = [bed.queue, bed.otherQueue(), bed.otherQueue(), bed.otherQueue()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (queues[index % 4] ?? bed.queue).enqueue(sessions(3), { idempotencyKey: 'the same' }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.batchId)).size).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(ids(answer.sessions)))).size).toBe(1);
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    const [count] = await bed.db.query('select count(*)::int as sessions from scraping_sessions');
    expect(count).toEqual({ sessions: 3 });
  });

  it('tells how the sessions of a known key are now', async () => {
    const first = await bed.queue.enqueue(sessions(1), { idempotencyKey: 'known' });
    const [claimed] = await bed.claim();
    if (claimed) await bed.queue.complete([claimed]);
    const again = await bed.queue.enqueue(sessions(5), { idempotencyKey: 'known' });
    expect(again).toEqual({
      batchId: first.batchId,
      created: false,
      sessions: [{ ...first.sessions[0], status: 'completed' }],
    });
  });

  it('makes new sessions, once, for a key whose sessions were pruned', async () => {
    const first = await bed.queue.enqueue(sessions(2), { idempotencyKey: 'old' });
    await bed.db.query('delete from scraping_sessions');
    const queues = [bed.queue, bed.otherQueue(), bed.otherQueue(), bed.otherQueue()];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (queues[index % 4] ?? bed.queue).enqueue(sessions(3), { idempotencyKey: 'old' }),
      ),
    );
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(ids(answer.sessions)))).size).toBe(1);
    expect(answers[0]?.batchId).not.toBe(first.batchId);
    const [count] = await bed.db.query('select count(*)::int as sessions from scraping_sessions');
    expect(count).toEqual({ sessions: 3 });
  });

  it('adds sessions to a batch that exists when no key is given', async () => {
    const { batchId } = await bed.queue.enqueue(sessions(2));
    await bed.queue.enqueue(sessions(3), { batchId });
    const [count] = await bed.db.query('select count(*)::int as n from scraping_sessions where batch_id = $1', [
      batchId,
    ]);
    expect(count).toEqual({ n: 5 });
  });

  it('refuses to make nothing', async () => {
    await expect(bed.queue.enqueue([])).rejects.toBeInstanceOf(InvalidInputError);
  });

  it('does not fail when the notification cannot be sent', async () => {
    const errors: unknown[] = [];
    const db = {
      ...bed.db,
      query: (text: string, values?: readonly unknown[]) =>
        text.includes('pg_notify') ? Promise.reject(new Error('queue is full')) : bed.db.query(text, values),
    };
    const queue = new JobQueue({ db: db as typeof bed.db, onNotifyError: (error) => errors.push(error) });
    expect((await queue.enqueue(sessions(1))).created).toBe(true);
    await waitFor(() => errors.length === 1);
  });
});

describe('claim', () => {
  it('gives the best priority first, then the oldest, over all sources', async () => {
    await bed.queue.enqueue([
      { source: 'permits', location: 'low, old', priority: -1 },
      { source: 'other', location: 'usual, old' },
      { source: 'permits', location: 'usual, new' },
      { source: 'other', location: 'high', priority: 9 },
    ]);
    const claimed = await bed.claim('worker', 3);
    expect(claimed.map((session) => session.location)).toEqual(['high', 'usual, old', 'usual, new']);
  });

  it('hands over all that a run needs', async () => {
    const params = { signal: 'solar', nested: [1, null] };
    const session = await bed.start({ params, priority: 7, maxRetries: 2 });
    expect(session).toMatchObject({
      claimNumber: 1,
      source: 'permits',
      location: 'Georgia',
      params,
      cursor: null,
      retryCount: 0,
      maxRetries: 2,
      leadsFound: 0,
      leadsNew: 0,
      priority: 7,
    });
    expect(session.timeoutAt.getTime() - session.startedAt.getTime()).toBeGreaterThanOrEqual(59_999);
    expect(session.createdAt).toBeInstanceOf(Date);
    expect(await bed.row(session.id)).toMatchObject({ status: 'running', workerId: 'worker', claimNumber: 1 });
  });

  it('leaves sessions of other sources alone', async () => {
    await bed.queue.enqueue([{ source: 'unknown', location: 'Georgia', priority: 100 }, ...sessions(1)]);
    const claimed = await bed.claim();
    expect(claimed.map((session) => session.source)).toEqual(['permits']);
    expect(await bed.queue.tick(['permits', 'other'])).toEqual({ ready: false });
    expect(await bed.queue.tick()).toEqual({ ready: true });
  });

  it('never gives one session to two of eight claimants, and none is left over', async () => {
    await bed.queue.enqueue([...sessions(300), ...sessions(300, { source: 'other', priority: 1 })]);
    const queues = Array.from({ length: 8 }, () => bed.otherQueue());
    const taken: ClaimedSession[] = [];
    await Promise.all(
      queues.map(async (queue) => {
        for (let misses = 0; misses < 3; ) {
          const claimed = await bed.claim('worker', 7, queue);
          taken.push(...claimed);
          misses = claimed.length === 0 ? misses + 1 : 0;
        }
      }),
    );
    // Claimants pass over each other's locked rows for a moment; a look from the front finds what is left.
    taken.push(...(await bed.claim('worker', 1000)));
    expect(new Set(ids(taken)).size).toBe(taken.length);
    expect(taken).toHaveLength(600);
  });

  it('gives nothing to a worker whose lease has passed, that has stopped, or that nobody knows', async () => {
    await bed.queue.enqueue(sessions(1));
    await bed.register('lapsed');
    await bed.lapse('lapsed');
    await bed.register('stopped');
    await bed.queue.deregisterWorker('stopped', { status: 'stopped', reason: 'done' });
    for (const workerId of ['lapsed', 'stopped', 'nobody']) expect(await bed.claim(workerId)).toEqual([]);
    expect(await bed.claim('worker')).toHaveLength(1);
  });

  it('soon finds sessions that came back before the cursor, or have a better priority', async () => {
    const queue = bed.otherQueue();
    await bed.queue.enqueue(sessions(3));
    const [first] = await bed.claim('worker', 2, queue);
    if (!first) throw new Error('Nothing was claimed.');
    await bed.queue.handBack(first, { reason: 'stopping' });
    const urgent = await bed.queue.enqueue(sessions(1, { priority: 5 }));
    // How soon is for the cursor's own tests; the one behind it may be found before them.
    const found: number[] = [];
    const areFound = async () => {
      queue.noteWake();
      found.push(...ids(await bed.claim('worker', 2, queue)));
      return found.length === 3;
    };
    await waitFor(areFound, { what: 'the three that are left' });
    expect(found.indexOf(urgent.sessions[0]?.id ?? 0)).toBeLessThan(found.indexOf(first.id));
    expect(found).toEqual(expect.arrayContaining([first.id, ...ids(urgent.sessions)]));
  });

  it('uses the index of ready sessions, also when the table was analysed while nothing was pending', async () => {
    await bed.db.query(
      `insert into scraping_sessions (batch_id, source, location, status)
       select gen_random_uuid(), 'permits', 'Georgia', 'completed' from generate_series(1, 20000)`,
    );
    await bed.db.query('analyze scraping_sessions');
    await bed.queue.enqueue(sessions(500));
    const plan = await bed.db.query<{ 'QUERY PLAN': string }>(
      `explain select id from scraping_sessions s where source = 'permits' and status = 'pending' and wake_at is null
         and ((-s.priority), s.id) > (0, 5) order by (-s.priority), s.id limit 10 for no key update skip locked`,
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index Scan using scraping_sessions_ready/);
  });

  it('does not see a session before its time', async () => {
    const wakeAt = new Date(Date.now() + 3_600_000);
    await bed.queue.enqueue([{ source: 'permits', location: 'later', wakeAt, priority: 100 }, ...sessions(1)]);
    const claimed = await bed.claim();
    expect(claimed.map((session) => session.location)).toEqual(['Place 0']);
    await bed.wakeAll();
    expect((await bed.claim()).map((session) => session.location)).toEqual(['later']);
  });

  it('hands out what was claimed without an answer, once, and leaves alone what the worker knows', async () => {
    const queue = bed.otherQueue();
    await bed.queue.enqueue(sessions(4));
    const claim = (held: readonly ClaimedSession[], unsure = false) =>
      queue.claim({ workerId: 'worker', sources: ['permits'], limit: 2, jobTimeoutMs: 60_000, held, unsure });
    const known = await claim([]);
    armFaultPoints('after_claim=throw');
    await expect(claim(known)).rejects.toThrow(DatabaseUnavailableError);
    armFaultPoints(undefined);
    const unknown = await claim(known, true);
    expect(unknown.map(({ location, claimNumber }) => [location, claimNumber])).toEqual([
      ['Place 2', 1],
      ['Place 3', 1],
    ]);
    expect(unknown[0]?.startedAt).toBeInstanceOf(Date);
    expect(await claim([...known, ...unknown], true)).toEqual([]);
  });
});

describe('tick', () => {
  it('promotes each due session once when several managers tick at once', async () => {
    await bed.queue.enqueue(sessions(50, { wakeAt: new Date(Date.now() - 1_000) }));
    const queues = Array.from({ length: 4 }, () => bed.otherQueue());
    const answers = await Promise.all(queues.map((queue) => queue.tick(['permits'])));
    expect(answers.some((answer) => answer.ready)).toBe(true);
    expect(await bed.claim()).toHaveLength(50);
  });
});
