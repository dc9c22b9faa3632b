import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LeaseLostError } from '#lib/errors.ts';
import { createQueueBed, type QueueBed, TEST_ERROR } from '#test/queue-bed.ts';
import type { Claim, WorkerBeat } from './job-queue.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

const beat = (workerId: string, rest: Partial<WorkerBeat> = {}): WorkerBeat => ({
  workerId,
  status: 'running',
  activeSessions: 1,
  jobsProcessed: 3,
  jobsSucceeded: 2,
  jobsFailed: 1,
  ...rest,
});

/** Ends all waits and claims the session again, for a worker made for it. */
async function claimAgain(id: number, workerId: string): Promise<Claim> {
  await bed.register(workerId);
  await bed.wakeAll();
  const claimed = await bed.claim(workerId);
  const claim = claimed.find((session) => session.id === id);
  if (!claim) throw new Error(`Session ${id} was not claimable.`);
  return claim;
}

/** One more loss is one too many. */
async function loseOften(id: number): Promise<void> {
  await bed.db.query(
    `insert into scraper_metrics (session_id, claim_number, source, location, outcome)
     select $1::bigint, -n, 'permits', 'Georgia', 'lost' from generate_series(1, 49) n`,
    [id],
  );
}

describe('renewLeases', () => {
  it('moves the leases of living workers on and writes their record', async () => {
    await bed.register('alive');
    await bed.db.query(
      `update worker_instances set lease_until = clock_timestamp() + interval '10 seconds' where worker_id = 'alive'`,
    );
    const answer = await bed.queue.renewLeases([beat('alive', { currentJobId: 5, memoryMb: 71 })]);
    expect(answer).toEqual({ lost: [], abort: [] });
    const [row] = await bed.db.query(
      `select *, lease_until > clock_timestamp() + interval '25 seconds' as renewed from worker_instances where worker_id = 'alive'`,
    );
    expect(row).toMatchObject({
      renewed: true,
      status: 'running',
      current_job_id: 5,
      memory_mb: 71,
      jobs_processed: 3,
      jobs_succeeded: 2,
      jobs_failed: 1,
    });
  });

  it('reports a worker as lost when its lease has passed or its row is gone, and does not bring it back', async () => {
    await bed.register('late');
    await bed.lapse('late');
    const answer = await bed.queue.renewLeases([beat('late'), beat('never was'), beat('worker')]);
    expect(answer.lost.sort()).toEqual(['late', 'never was']);
    expect((await bed.queue.renewLeases([beat('late')])).lost).toEqual(['late']);
  });

  it('orders the end of sessions that ran past their time limit', async () => {
    const claim = await bed.start();
    await bed.db.query(`update scraping_sessions set timeout_at = clock_timestamp() - interval '1 second'`);
    const { abort } = await bed.queue.renewLeases([beat('worker')]);
    expect(abort).toEqual([
      { sessionId: claim.id, claimNumber: claim.claimNumber, workerId: 'worker', why: 'timeout' },
    ]);
  });
});

describe('rescue', () => {
  it('gives the sessions of a lapsed worker back at once, uncharged, and the old worker writes nothing more', async () => {
    await bed.register('zombie');
    const zombie = await bed.start({ maxRetries: 0 }, 'zombie');
    await bed.queue.checkpoint(zombie, { cursor: { page: 3 } }, async () => ({ found: 4, fresh: 4 }));
    await bed.lapse('zombie');
    expect(await bed.queue.rescue()).toBe(1);
    expect(await bed.row(zombie.id)).toMatchObject({
      status: 'pending',
      retryCount: 0,
      workerId: null,
      wakeInMs: null,
    });

    const current = await claimAgain(zombie.id, 'heir');
    const before = await bed.row(zombie.id);
    await expect(
      bed.queue.checkpoint(zombie, { cursor: { page: 99 } }, async () => ({ found: 1, fresh: 1 })),
    ).rejects.toBeInstanceOf(LeaseLostError);
    expect(await bed.queue.complete([zombie])).toEqual(new Set());
    expect(await bed.queue.retry(zombie, { error: TEST_ERROR })).toBe('stale');
    expect(await bed.row(zombie.id)).toEqual(before);
    expect(await bed.queue.complete([current])).toEqual(new Set([zombie.id]));
    const attempts = await bed.attempts(zombie.id);
    expect(attempts.map(({ outcome, leadsFound, workerId }) => [outcome, leadsFound, workerId])).toEqual([
      ['lost', 4, 'zombie'],
      ['completed', 0, 'heir'],
    ]);
  });

  it('takes sessions whose worker has no row, and marks lapsed workers for people', async () => {
    await bed.register('forgotten');
    const claim = await bed.start({}, 'forgotten');
    await bed.db.query(`delete from worker_instances where worker_id = 'forgotten'`);
    await bed.register('silent');
    await bed.lapse('silent');
    expect(await bed.queue.rescue()).toBe(1);
    expect((await bed.row(claim.id)).status).toBe('pending');
    const [row] = await bed.db.query(`select status, stop_reason from worker_instances where worker_id = 'silent'`);
    expect(row?.status).toBe('crashed');
  });

  it('leaves living workers and sessions within their grace alone', async () => {
    await bed.start();
    await bed.db.query(`update scraping_sessions set timeout_at = clock_timestamp() - interval '10 seconds'`);
    expect(await bed.queue.rescue()).toBe(0);
  });

  it('charges a session that a living worker did not stop after its time limit', async () => {
    const claim = await bed.start({ maxRetries: 1 });
    const overdue = `update scraping_sessions set timeout_at = clock_timestamp() - interval '10 minutes'`;
    await bed.db.query(overdue);
    expect(await bed.queue.rescue()).toBe(1);
    const row = await bed.row(claim.id);
    expect(row).toMatchObject({ status: 'pending', retryCount: 1, errorCode: 'session_timeout' });
    expect(row.wakeInMs).toBeGreaterThan(20_000);
    await claimAgain(claim.id, 'worker');
    await bed.db.query(overdue);
    expect(await bed.queue.rescue()).toBe(1);
    expect(await bed.row(claim.id)).toMatchObject({ status: 'failed', retryCount: 1 });
    expect((await bed.attempts(claim.id)).map((attempt) => attempt.outcome)).toEqual(['timed_out', 'timed_out']);
  });

  it('is done once by four rescuers at once', async () => {
    await bed.register('gone');
    await bed.queue.enqueue(Array.from({ length: 40 }, (_, index) => ({ source: 'permits', location: `${index}` })));
    expect(await bed.claim('gone')).toHaveLength(40);
    await bed.lapse('gone');
    const counts = await Promise.all([1, 2, 3, 4].map(() => bed.otherQueue().rescue()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    const [row] = await bed.db.query('select count(*)::int as attempts from scraper_metrics');
    expect(row).toEqual({ attempts: 40 });
  });

  it('gives up a session whose workers were lost fifty times', async () => {
    const { id } = await bed.start({}, 'worker');
    await loseOften(id);
    await bed.lapse('worker');
    await bed.queue.rescue();
    expect(await bed.row(id)).toMatchObject({ status: 'failed', errorCode: 'quarantined' });
    await bed.register('worker');
  });
});

describe('retryByHand', () => {
  it('forgives the losses before', async () => {
    const claim = await bed.start();
    await bed.db.query('update scraping_sessions set claim_number = 60 where id = $1', [claim.id]);
    await bed.db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome)
       select $1::bigint, n, 'permits', 'Georgia', 'lost' from generate_series(1, 49) n`,
      [claim.id],
    );
    await bed.queue.releaseWorker('worker', 'killed');
    expect(await bed.row(claim.id)).toMatchObject({ status: 'failed', errorCode: 'quarantined' });
    await bed.queue.retryByHand(claim.id);
    await claimAgain(claim.id, 'next');
    await bed.queue.releaseWorker('next', 'killed');
    expect(await bed.row(claim.id)).toMatchObject({ status: 'pending' });
  });
});

describe('releaseWorker', () => {
  it('quarantines a session at the third death of its process, and leaves the others unharmed', async () => {
    const { sessions } = await bed.queue.enqueue([{ source: 'permits', location: 'poison', maxRetries: 9 }]);
    const id = sessions[0]?.id ?? 0;
    for (const death of [1, 2, 3]) {
      await claimAgain(id, `victim ${death}`);
      expect(await bed.queue.releaseWorker(`victim ${death}`, 'crashed')).toBe(1);
    }
    const row = await bed.row(id);
    expect(row).toMatchObject({ status: 'failed', crashCount: 3, errorCode: 'quarantined' });
    expect(row.statusReason).toBe('Quarantined: 3 worker processes died while running it');
    const attempts = await bed.attempts(id);
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['crashed', 'crashed', 'crashed']);
    const [worker] = await bed.db.query(`select status, lease_until <= clock_timestamp() as over from worker_instances
      where worker_id = 'victim 3'`);
    expect(worker).toEqual({ status: 'crashed', over: true });
  });

  it('charges a crash and waits, as for any other failed try', async () => {
    await bed.register('crashing');
    const claim = await bed.start({ maxRetries: 0 }, 'crashing');
    await bed.queue.releaseWorker('crashing', 'crashed');
    expect(await bed.row(claim.id)).toMatchObject({ status: 'failed', errorCode: 'worker_crashed' });
    await bed.register('crashing 2');
    const next = await bed.start({ maxRetries: 1 }, 'crashing 2');
    await bed.queue.releaseWorker('crashing 2', 'crashed');
    const row = await bed.row(next.id);
    expect(row).toMatchObject({ status: 'pending', retryCount: 1, crashCount: 1 });
    expect(row.wakeInMs).toBeGreaterThan(20_000);
  });

  it('suspects those that have died most often, which come back apart, and spares the others', async () => {
    const { sessions } = await bed.queue.enqueue(
      ['first', 'second', 'fresh'].map((location) => ({ source: 'permits', location })),
    );
    const ids = sessions.map(({ id }) => id);
    await bed.db.query('update scraping_sessions set crash_count = 1 where id = any($1)', [ids.slice(0, 2)]);
    await bed.register('shared');
    expect((await bed.claim('shared')).map(({ id }) => id)).toEqual(ids);
    expect(await bed.queue.releaseWorker('shared', 'crashed')).toBe(3);
    const [first, second, fresh] = await Promise.all(ids.map((id) => bed.row(id)));
    expect([first?.crashCount, second?.crashCount, fresh?.crashCount]).toEqual([2, 2, 0]);
    expect([first?.retryCount, second?.retryCount, fresh?.retryCount]).toEqual([1, 1, 0]);
    // Ten seconds apart, but not looked at in the same moment.
    expect(Number(second?.wakeInMs) - Number(first?.wakeInMs)).toBeGreaterThan(5_000);
    expect(fresh).toMatchObject({ status: 'pending', wakeInMs: null });
    expect((await bed.attempts(ids[2] ?? 0)).map(({ outcome }) => outcome)).toEqual(['lost']);
    await bed.clear();
  });

  it('spares a session that is one death from its quarantine unless it was alone', async () => {
    const { sessions } = await bed.queue.enqueue(
      ['waits', 'waits too', 'began', 'began too'].map((location) => ({ source: 'permits', location })),
    );
    const ids = sessions.map(({ id }) => id);
    await bed.db.query('update scraping_sessions set crash_count = 2 where id = any($1)', [ids.slice(0, 2)]);
    await bed.db.query('update scraping_sessions set crash_count = 1 where id = $1', [ids[2]]);
    await bed.register('mixed');
    expect(await bed.claim('mixed')).toHaveLength(4);
    await bed.queue.releaseWorker('mixed', 'crashed');
    const rows = await Promise.all(ids.map((id) => bed.row(id)));
    expect(rows.map(({ crashCount }) => crashCount)).toEqual([2, 2, 2, 0]);
    expect(rows.map(({ wakeInMs }) => wakeInMs !== null)).toEqual([false, false, true, false]);
    expect((await bed.attempts(ids[0] ?? 0)).map(({ outcome }) => outcome)).toEqual(['lost']);
    await bed.clear();
  });

  it('charges nobody when all that died together are one death from their quarantine', async () => {
    await bed.queue.enqueue(['one', 'two'].map((location) => ({ source: 'permits', location })));
    await bed.db.query('update scraping_sessions set crash_count = 2');
    await bed.register('both');
    const claims = await bed.claim('both');
    expect(await bed.queue.releaseWorker('both', 'crashed')).toBe(2);
    for (const { id } of claims) {
      expect(await bed.row(id)).toMatchObject({ status: 'pending', crashCount: 2, retryCount: 0, wakeInMs: null });
    }
    await bed.clear();
  });

  it('fails no session without a try left for a death that it shared, but soon lets it run alone', async () => {
    const { sessions } = await bed.queue.enqueue(
      ['one', 'two'].map((location) => ({ source: 'permits', location, maxRetries: 0 })),
    );
    const [one = 0, two = 0] = sessions.map(({ id }) => id);
    for (const death of [1, 2]) {
      await bed.wakeAll();
      await bed.register(`shared ${death}`);
      expect(await bed.claim(`shared ${death}`)).toHaveLength(2);
      await bed.queue.releaseWorker(`shared ${death}`, 'crashed');
    }
    expect(await bed.row(one)).toMatchObject({ status: 'pending', crashCount: 2, retryCount: 0 });
    expect((await bed.attempts(one)).map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
    await bed.queue.requestCancel(two);
    await claimAgain(one, 'alone');
    await bed.queue.releaseWorker('alone', 'crashed');
    expect(await bed.row(one)).toMatchObject({ status: 'failed', errorCode: 'quarantined', crashCount: 3 });
    await bed.clear();
  });

  it('remembers the deaths of a session that told of its progress and got no further', async () => {
    const { sessions } = await bed.queue.enqueue([{ source: 'permits', location: 'talkative', maxRetries: 9 }]);
    const id = sessions[0]?.id ?? 0;
    for (const death of [1, 2, 3]) {
      const claim = await claimAgain(id, `talkative ${death}`);
      await bed.queue.checkpoint(claim, { progress: { message: 'Looking for portals' } });
      await bed.queue.releaseWorker(`talkative ${death}`, 'crashed');
    }
    expect(await bed.row(id)).toMatchObject({ status: 'failed', crashCount: 3, errorCode: 'quarantined' });
  });

  it('forgets earlier deaths once a session got further', async () => {
    const { sessions } = await bed.queue.enqueue([{ source: 'permits', location: 'unlucky', maxRetries: 9 }]);
    const id = sessions[0]?.id ?? 0;
    for (const death of [1, 2, 3, 4]) {
      const claim = await claimAgain(id, `unlucky ${death}`);
      await bed.queue.checkpoint(claim, { cursor: { page: death } });
      await bed.queue.releaseWorker(`unlucky ${death}`, 'crashed');
    }
    expect(await bed.row(id)).toMatchObject({ status: 'pending', crashCount: 1, cursor: { page: 4 } });
  });

  it.each([
    ['killed', 'lost'],
    ['stopped', 'interrupted'],
  ] as const)('does not charge a session whose worker was %s', async (cause, outcome) => {
    await bed.register(`ended ${cause}`);
    const claim = await bed.start({ maxRetries: 0 }, `ended ${cause}`);
    expect(await bed.queue.releaseWorker(`ended ${cause}`, cause)).toBe(1);
    expect(await bed.row(claim.id)).toMatchObject({ status: 'pending', retryCount: 0, crashCount: 0, wakeInMs: null });
    expect((await bed.attempts(claim.id))[0]?.outcome).toBe(outcome);
    expect(await bed.queue.releaseWorker(`ended ${cause}`, cause)).toBe(0);
  });

  it.each([
    ['crashed', 'failed', 'crashed'],
    ['killed', 'failed', 'lost'],
    ['stopped', 'pending', 'interrupted'],
  ] as const)('looks at 49 earlier losses when a worker was %s: the session is %s', async (cause, status, outcome) => {
    await bed.register(`fiftieth ${cause}`);
    const { id } = await bed.start({}, `fiftieth ${cause}`);
    await loseOften(id);
    await bed.queue.releaseWorker(`fiftieth ${cause}`, cause);
    const row = await bed.row(id);
    expect(row).toMatchObject({ status, errorCode: status === 'failed' ? 'quarantined' : null });
    if (status === 'failed')
      expect(row.statusReason).toBe('Quarantined: 50 worker processes were lost while running it');
    expect((await bed.attempts(id)).at(-1)?.outcome).toBe(outcome);
    await bed.clear();
  });

  it('ends a session that saves pages and dies beside others for ever, though it has no try left to be charged', async () => {
    const { sessions } = await bed.queue.enqueue(
      ['leaks', 'good'].map((location) => ({ source: 'permits', location, maxRetries: 0 })),
    );
    const [leaks = 0, good = 0] = sessions.map(({ id }) => id);
    await loseOften(leaks);
    await bed.register('crowded');
    expect(await bed.claim('crowded')).toHaveLength(2);
    await bed.queue.releaseWorker('crowded', 'crashed');
    expect(await bed.row(leaks)).toMatchObject({ status: 'failed', errorCode: 'quarantined', retryCount: 0 });
    expect(await bed.row(good)).toMatchObject({ status: 'pending', retryCount: 0 });
    await bed.clear();
  });

  it('and a completion that arrives at the same moment: exactly one of them happens', async () => {
    const other = bed.otherQueue();
    for (let round = 0; round < 20; round += 1) {
      await bed.register(`racer ${round}`);
      const claim = await bed.start({}, `racer ${round}`);
      const [released, done] = await Promise.all([
        bed.queue.releaseWorker(`racer ${round}`, 'killed'),
        other.complete([claim]),
      ]);
      expect(released + done.size).toBe(1);
      expect(await bed.attempts(claim.id)).toHaveLength(1);
      if (released === 1) await bed.queue.requestCancel(claim.id);
    }
  });
});

describe('registerWorker', () => {
  it('gives back what an earlier process of the same name still held', async () => {
    await bed.register('named');
    const claim = await bed.start({}, 'named');
    await bed.register('named');
    expect(await bed.row(claim.id)).toMatchObject({ status: 'pending', retryCount: 0 });
    expect(await bed.queue.complete([claim])).toEqual(new Set());
  });
});

describe('deregisterWorker', () => {
  it('keeps the first reason', async () => {
    await bed.register('leaving');
    await bed.queue.deregisterWorker('leaving', { status: 'stopped', reason: 'drained' });
    await bed.queue.releaseWorker('leaving', 'crashed');
    const [row] = await bed.db.query(`select status, stop_reason from worker_instances where worker_id = 'leaving'`);
    expect(row).toEqual({ status: 'stopped', stop_reason: 'drained' });
  });
});
