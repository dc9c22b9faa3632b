import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_STATUSES, type SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { LeaseLostError } from '#lib/errors.ts';
import { createQueueBed, type QueueBed, TEST_ERROR } from '#test/queue-bed.ts';
import type { Claim, JobQueue } from './job-queue.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

/** Every write that a worker makes with its claim: its name, what it does, and where it leads. */
const WORKER_WRITES: [
  name: string,
  write: (queue: JobQueue, claim: Claim) => Promise<string>,
  leadsTo: SessionStatus,
][] = [
  ['complete', async (q, claim) => ((await q.complete([claim])).has(claim.id) ? 'completed' : 'stale'), 'completed'],
  ['retry', (q, claim) => q.retry(claim, { error: TEST_ERROR }), 'pending'],
  ['fail', (q, claim) => q.fail(claim, { error: TEST_ERROR }), 'failed'],
  ['snooze', (q, claim) => q.snooze(claim, { delayMs: 60_000, reason: 'resting' }), 'pending'],
  ['handBack', (q, claim) => q.handBack(claim, { reason: 'stopping' }), 'pending'],
  ['cancelled', (q, claim) => q.cancelled(claim), 'cancelled'],
  [
    'checkpoint',
    (q, claim) =>
      q.checkpoint(claim, { cursor: { page: 9 } }).then(
        () => 'running',
        (error) => (error instanceof LeaseLostError ? 'stale' : 'broken'),
      ),
    'running',
  ],
];

const NOT_RUNNING = SESSION_STATUSES.filter((status) => status !== 'running');

describe.each(WORKER_WRITES)('%s', (name, write, leadsTo) => {
  it(`leads from running to ${leadsTo}`, async () => {
    const claim = await bed.bring('running');
    expect(await write(bed.queue, claim)).toBe(leadsTo);
    expect((await bed.row(claim.id)).status).toBe(leadsTo);
  });

  // complete() is safe to repeat, so it says yes to the claim that it completed; it still writes nothing.
  it.each(NOT_RUNNING.filter((status) => name !== 'complete' || status !== 'completed'))(
    'changes nothing when the session is %s, with the old claim as with the number of the row',
    async (status) => {
      const claim = await bed.bring(status);
      const before = [await bed.row(claim.id), await bed.attempts(claim.id)];
      expect(await write(bed.queue, claim)).toBe('stale');
      const { claimNumber } = await bed.row(claim.id);
      expect(await write(bed.queue, { id: claim.id, claimNumber })).toBe('stale');
      expect([await bed.row(claim.id), await bed.attempts(claim.id)]).toEqual(before);
    },
  );

  it('changes nothing with the claim of an earlier attempt while a later one runs', async () => {
    const old = await bed.bring('pending');
    const [current] = await bed.claim();
    expect(current?.id).toBe(old.id);
    const before = [await bed.row(old.id), await bed.attempts(old.id)];
    expect(await write(bed.queue, old)).toBe('stale');
    expect([await bed.row(old.id), await bed.attempts(old.id)]).toEqual(before);
  });

  it('is written once when ten callers on several connections try at once', async () => {
    const claim = await bed.bring('running');
    const queues = [bed.queue, bed.otherQueue(), bed.otherQueue()];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => write(queues[index % queues.length] ?? bed.queue, claim)),
    );
    const attempts = await bed.attempts(claim.id);
    if (name === 'checkpoint') {
      expect(answers).toEqual(Array(10).fill('running'));
      return;
    }
    expect(attempts).toHaveLength(1);
    expect((await bed.row(claim.id)).claimNumber).toBe(claim.claimNumber + 1);
    if (name !== 'complete') expect(answers.filter((answer) => answer !== 'stale')).toHaveLength(1);
  });
});

describe('complete', () => {
  it('answers a repeated call as the first one, since the first answer may have been lost', async () => {
    const claim = await bed.bring('running');
    expect(await bed.queue.complete([claim])).toEqual(new Set([claim.id]));
    expect(await bed.queue.complete([claim])).toEqual(new Set([claim.id]));
    expect(await bed.attempts(claim.id)).toHaveLength(1);
  });

  it('completes what is ours and leaves out what is stale, in one call', async () => {
    const stale = await bed.bring('failed');
    const ours = [await bed.bring('running'), await bed.bring('running')];
    const done = await bed.queue.complete([stale, ...ours]);
    expect(done).toEqual(new Set(ours.map((claim) => claim.id)));
    expect((await bed.row(stale.id)).status).toBe('failed');
  });

  it('keeps what it is told of the attempt', async () => {
    const claim = await bed.bring('running');
    const stats = { requestsMade: 7, requestsFailed: 2, bytesReceived: 5_000_000_000, proxyUsed: 'proxy.example:8080' };
    await bed.queue.complete([{ ...claim, stats, statusReason: 'Done\0', progress: { message: 'all\0 \ud800 read' } }]);
    const [row] = await bed.db.query('select * from scraper_metrics where session_id = $1', [claim.id]);
    expect(row).toMatchObject({
      requests_made: 7,
      requests_failed: 2,
      bytes_received: 5_000_000_000,
      proxy_used: 'proxy.example:8080',
      outcome: 'completed',
      worker_id: 'worker',
    });
    expect((await bed.row(claim.id)).statusReason).toBe('Done');
  });
});

describe('retry', () => {
  it('waits 30, 60, 120 s within a tenth, counts, and fails the session when no try is left', async () => {
    let claim: Claim = await bed.start({ maxRetries: 3 });
    for (const seconds of [30, 60, 120]) {
      expect(await bed.queue.retry(claim, { error: TEST_ERROR })).toBe('pending');
      const { wakeInMs, statusReason } = await bed.row(claim.id);
      // A tenth less, and a machine may be slow to look.
      expect(wakeInMs).toBeGreaterThan(seconds * 900 - 10_000);
      expect(wakeInMs).toBeLessThan(seconds * 1_100);
      expect(statusReason).toMatch(
        /^Try \d of 4 failed, waiting for its next try in \d+ s: The site did not answer\.$/,
      );
      await bed.wakeAll();
      const [next] = await bed.claim();
      if (!next) throw new Error('It was not claimable after its wait.');
      claim = next;
    }
    expect(await bed.queue.retry(claim, { error: TEST_ERROR })).toBe('failed');
    const row = await bed.row(claim.id);
    expect(row).toMatchObject({ retryCount: 3, errorCode: 'network' });
    expect(row.statusReason).toBe('Failed after 4 tries: The site did not answer.');
    const outcomes = (await bed.attempts(claim.id)).map((attempt) => attempt.outcome);
    expect(outcomes).toEqual(['retry', 'retry', 'retry', 'failed']);
  });

  it('records a time-out as one', async () => {
    const claim = await bed.bring('running');
    await bed.queue.retry(claim, { error: { code: 'session_timeout', message: 'Too slow.' } });
    expect((await bed.attempts(claim.id)).map((attempt) => attempt.outcome)).toEqual(['timed_out']);
  });

  it('survives a message that PostgreSQL cannot store as it is', async () => {
    const claim = await bed.bring('running');
    const error = { code: 'network', message: 'a\0b \ud800 %s', context: { 'k\0': ['\0', { deep: '\udfff' }] } };
    expect(await bed.queue.fail(claim, { error })).toBe('failed');
    expect((await bed.row(claim.id)).statusReason).toBe('ab \ufffd %s');
  });
});

describe('what does not count', () => {
  it.each(['snooze', 'handBack'])('%s leaves all tries, for ever', async (name) => {
    let claim: Claim = await bed.start({ maxRetries: 0 });
    for (let round = 0; round < 3; round += 1) {
      if (name === 'snooze') await bed.queue.snooze(claim, { delayMs: 60_000, reason: 'resting' });
      else await bed.queue.handBack(claim, { reason: 'stopping' });
      await bed.wakeAll();
      const [next] = await bed.claim();
      if (!next) throw new Error('It was not claimable.');
      claim = next;
    }
    expect((await bed.row(claim.id)).retryCount).toBe(0);
    await bed.queue.complete([claim]);
    const outcome = name === 'snooze' ? 'snoozed' : 'interrupted';
    expect((await bed.attempts(claim.id)).map((attempt) => attempt.outcome)).toEqual([
      outcome,
      outcome,
      outcome,
      'completed',
    ]);
  });

  it('a snoozed session cannot be claimed until it is promoted, a handed back one at once', async () => {
    const claim = await bed.bring('running');
    await bed.queue.snooze(claim, { delayMs: 60_000, reason: 'resting' });
    expect(await bed.claim()).toEqual([]);
    expect(await bed.queue.tick()).toEqual({ ready: false });
    await bed.wakeAll();
    expect(await bed.queue.tick()).toEqual({ ready: true });
    const [again] = await bed.claim();
    expect(again?.id).toBe(claim.id);
    if (again) await bed.queue.handBack(again, { reason: 'stopping' });
    const [third] = await bed
      .otherQueue()
      .claim({ workerId: 'worker', sources: ['permits'], limit: 1, jobTimeoutMs: 1 });
    expect(third?.id).toBe(claim.id);
  });
});

describe('requestCancel', () => {
  it('cancels a pending session at once', async () => {
    const { id } = await bed.bring('pending');
    expect(await bed.queue.requestCancel(id)).toBe('cancelled');
    expect((await bed.row(id)).status).toBe('cancelled');
    expect(await bed.claim()).toEqual([]);
  });

  it('asks the worker of a running one, through the checkpoint and the heartbeat', async () => {
    const claim = await bed.bring('running');
    expect(await bed.queue.requestCancel(claim.id)).toBe('cancelling');
    expect(await bed.queue.requestCancel(claim.id)).toBe('cancelling');
    expect((await bed.queue.checkpoint(claim, { cursor: { page: 2 } })).cancelRequested).toBe(true);
    const { abort } = await bed.queue.renewLeases([beat('worker')]);
    expect(abort).toContainEqual({
      sessionId: claim.id,
      claimNumber: claim.claimNumber,
      workerId: 'worker',
      why: 'cancelled',
    });
    expect(await bed.queue.cancelled(claim)).toBe('cancelled');
    expect((await bed.row(claim.id)).cursor).toEqual({ page: 2 });
  });

  it.each(['retry', 'snooze', 'handBack', 'releaseWorker'])('wins over %s of the running attempt', async (name) => {
    await bed.register('ending');
    const claim = await bed.start({}, 'ending');
    await bed.queue.requestCancel(claim.id);
    if (name === 'retry') expect(await bed.queue.retry(claim, { error: TEST_ERROR })).toBe('cancelled');
    if (name === 'snooze') expect(await bed.queue.snooze(claim, { delayMs: 1, reason: 'r' })).toBe('cancelled');
    if (name === 'handBack') expect(await bed.queue.handBack(claim, { reason: 'r' })).toBe('cancelled');
    if (name === 'releaseWorker') await bed.queue.releaseWorker('ending', 'crashed');
    expect(await bed.row(claim.id)).toMatchObject({ status: 'cancelled', wakeInMs: null });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('leaves a %s session alone', async (status) => {
    const { id } = await bed.bring(status);
    const before = await bed.row(id);
    expect(await bed.queue.requestCancel(id)).toBe('finished');
    expect(await bed.row(id)).toEqual(before);
  });

  it('says so when there is no such session', async () => {
    expect(await bed.queue.requestCancel(987_654_321)).toBe('not-found');
  });

  it('never falls between a claim and its run', async () => {
    const other = bed.otherQueue();
    for (let round = 0; round < 30; round += 1) {
      const { sessions } = await bed.queue.enqueue([{ source: 'other', location: `Race ${round}` }]);
      const id = sessions[0]?.id ?? 0;
      const claiming = other.claim({ workerId: 'worker', sources: ['other'], limit: 1, jobTimeoutMs: 60_000 });
      const [answer, claimed] = await Promise.all([bed.queue.requestCancel(id), claiming]);
      const row = await bed.row(id);
      if (answer === 'cancelled') expect({ ...row, claimed }).toMatchObject({ status: 'cancelled', claimed: [] });
      else expect(row).toMatchObject({ status: 'running', cancelRequested: true });
      for (const claim of claimed) await bed.queue.cancelled(claim);
    }
  });
});

describe('retryByHand', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)(
    'makes a %s session pending with all its tries',
    async (status) => {
      const claim = await bed.start({ maxRetries: 1 });
      await bed.queue.checkpoint(claim, { cursor: { page: 5 } }, async () => ({ found: 3, fresh: 2 }));
      if (status === 'completed') await bed.queue.complete([claim]);
      if (status === 'failed') await bed.queue.fail(claim, { error: TEST_ERROR });
      if (status === 'cancelled') await bed.queue.cancelled(claim);
      expect(await bed.queue.retryByHand(claim.id)).toBe('pending');
      expect(await bed.row(claim.id)).toMatchObject({
        status: 'pending',
        retryCount: 0,
        crashCount: 0,
        cancelRequested: false,
        errorCode: null,
        leadsFound: 3,
        cursor: status === 'completed' ? null : { page: 5 },
      });
      expect(await bed.queue.retryByHand(claim.id)).toBe('not-finished');
    },
  );

  it('refuses a running session, and one that is not there', async () => {
    const claim = await bed.bring('running');
    expect(await bed.queue.retryByHand(claim.id)).toBe('not-finished');
    expect(await bed.queue.retryByHand(987_654_321)).toBe('not-found');
  });

  it('is done once by two callers at once', async () => {
    const { id } = await bed.bring('failed');
    const answers = await Promise.all([bed.queue.retryByHand(id), bed.otherQueue().retryByHand(id)]);
    expect(answers.sort()).toEqual(['not-finished', 'pending']);
  });
});

describe('checkpoint', () => {
  it('saves leads, counts and position together, and gives the totals of the session', async () => {
    const claim = await bed.bring('running');
    await bed.queue.checkpoint(claim, { cursor: { page: 1 } }, async () => ({ found: 5, fresh: 4 }));
    const answer = await bed.queue.checkpoint(claim, { progress: { message: 'page 2' } }, async () => ({
      found: 2,
      fresh: 0,
    }));
    expect(answer).toEqual({ found: 7, fresh: 4, cancelRequested: false });
    expect((await bed.row(claim.id)).cursor).toEqual({ page: 1 });
    await bed.queue.checkpoint(claim, { cursor: null });
    expect((await bed.row(claim.id)).cursor).toBeNull();
    await bed.queue.complete([claim]);
    expect((await bed.attempts(claim.id))[0]?.leadsFound).toBe(7);
  });

  it('writes nothing when its effects fail', async () => {
    const claim = await bed.bring('running');
    const failing = bed.queue.checkpoint(claim, { cursor: { page: 1 } }, async (tx) => {
      await tx.query('update scraping_sessions set leads_found = 99 where id = $1', [claim.id]);
      throw new Error('no disk');
    });
    await expect(failing).rejects.toThrow('no disk');
    expect(await bed.row(claim.id)).toMatchObject({ leadsFound: 0, cursor: null, status: 'running' });
  });

  it('does not call its effects when the claim is stale', async () => {
    const claim = await bed.bring('failed');
    let called = false;
    const stale = bed.queue.checkpoint(claim, {}, async () => {
      called = true;
      return { found: 1, fresh: 1 };
    });
    await expect(stale).rejects.toBeInstanceOf(LeaseLostError);
    expect(called).toBe(false);
  });

  it('charges each attempt only with what it found itself', async () => {
    const first = await bed.bring('running');
    await bed.queue.checkpoint(first, { cursor: 1 }, async () => ({ found: 5, fresh: 5 }));
    await bed.queue.handBack(first, { reason: 'stopping' });
    const [second] = await bed.claim();
    if (!second) throw new Error('It was not claimable.');
    await bed.queue.checkpoint(second, { cursor: 2 }, async () => ({ found: 3, fresh: 1 }));
    await bed.queue.complete([second]);
    expect((await bed.attempts(first.id)).map((attempt) => attempt.leadsFound)).toEqual([5, 3]);
  });
});

function beat(workerId: string) {
  return {
    workerId,
    status: 'running' as const,
    activeSessions: 1,
    jobsProcessed: 0,
    jobsSucceeded: 0,
    jobsFailed: 0,
  };
}
