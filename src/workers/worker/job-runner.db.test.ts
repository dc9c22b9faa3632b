import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, LeaseLostError, ShutdownError } from '#lib/errors.ts';
import { makeGivenRunner, type Work } from '#test/given-runner.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import type { JobRunner, JobRunnerDeps } from './job-runner.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  await bed.clear();
  await bed.db.query('truncate leads cascade');
});
afterAll(() => bed.drop());

function makeRunner(work: Work, overrides: Partial<JobRunnerDeps> = {}): JobRunner {
  return makeGivenRunner(work, { db: bed.db, queue: bed.queue, ...overrides });
}

async function run(runner: JobRunner, session?: ClaimedSession): Promise<number> {
  const claimed = session ?? (await bed.start());
  runner.start(claimed);
  await runner.idle();
  return claimed.id;
}

const leadNames = async () => (await bed.db.query('select name from leads order by name')).map((row) => row.name);

describe('JobRunner', () => {
  it('saves leads and cursor with each checkpoint and completes the session', async () => {
    const runner = makeRunner(async (it) => {
      it.emit('1');
      await it.save('page 1');
      it.emit('1');
      it.emit('2');
    });
    const id = await run(runner);
    expect(await bed.row(id)).toMatchObject({ status: 'completed', leadsFound: 2, cursor: 'page 1' });
    expect(await leadNames()).toEqual(['Person 1', 'Person 2']);
    expect(runner.counters).toEqual({ jobsProcessed: 1, jobsSucceeded: 1, jobsFailed: 0 });
  });

  it('writes nothing more once somebody else has the session', async () => {
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      it.emit('1');
      await it.save(1);
      await bed.queue.handBack(session, { reason: 'taken away by the test' });
      it.emit('2');
      await it.save(2);
    });
    await run(runner, session);
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 1, leadsFound: 1 });
    expect(await leadNames()).toEqual(['Person 1']);
    expect(runner.counters.jobsProcessed).toBe(0);
  });

  it('stops at the next checkpoint when a person has cancelled', async () => {
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      await bed.queue.requestCancel(session.id);
      for (let page = 1; ; page += 1) await it.save(page);
    });
    await run(runner, session);
    expect(await bed.row(session.id)).toMatchObject({ status: 'cancelled' });
  });

  it('repeats what it saves while the database is away, and counts every lead once', async () => {
    let failures = 2;
    const runner = makeRunner(
      async (it) => {
        it.emit('1');
        await it.save(1);
      },
      { queue: failingAfterCommit(() => failures-- > 0) },
    );
    const id = await run(runner);
    expect(await bed.row(id)).toMatchObject({ status: 'completed', leadsFound: 1 });
  });

  it('drops a session that it cannot save before its lease ends, and hands it back later', async () => {
    let safe = true;
    const runner = makeRunner(async () => {}, {
      isLeaseSafe: () => safe,
      complete: async () => {
        safe = false;
        throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      },
    });
    const id = await run(runner);
    expect((await bed.row(id)).status).toBe('running');
    await runner.handBackAbandoned();
    expect(await bed.row(id)).toMatchObject({ status: 'pending', retryCount: 0 });
  });

  it('counts a try whose outcome the database refuses, and does not do it for ever', async () => {
    const complete = () => Promise.reject(Object.assign(new Error('integer out of range'), { code: '22003' }));
    const id = await run(makeRunner(async (it) => void (await it.save(1)), { complete }));
    expect(await bed.row(id)).toMatchObject({ status: 'pending', retryCount: 1, cursor: 1 });
    expect((await bed.attempts(id)).map(({ outcome }) => outcome)).toEqual(['retry']);
  });

  it('is not held up by a scraper that ignores its signal, and lets it write nothing afterwards', async () => {
    const late = Promise.withResolvers<void>();
    const wrote = Promise.withResolvers<unknown>();
    const runner = makeRunner(async (it) => {
      await late.promise;
      it.emit('1');
      await it.save(1).then(wrote.resolve, wrote.resolve);
    });
    const session = await bed.start();
    runner.start(session);
    runner.abortAll(new ShutdownError('The worker is stopping'));
    await runner.idle();
    expect((await bed.row(session.id)).status).toBe('pending');
    late.resolve();
    expect(await wrote.promise).toBeInstanceOf(ShutdownError);
    expect(await leadNames()).toEqual([]);
  });

  it('aborts only the claim that is meant', async () => {
    const session = await bed.start();
    const runner = makeRunner((it) => waitFor(() => false, { timeoutMs: 100 }).catch(() => it.save('done')) as never);
    runner.start(session);
    runner.abort({ ...session, claimNumber: session.claimNumber + 1 }, new LeaseLostError('another claim'));
    await runner.idle();
    expect(await bed.row(session.id)).toMatchObject({ status: 'completed', cursor: 'done' });
  });

  it('knows what it has claimed again while its lost run of the same session still ends', async () => {
    const lostMayEnd = Promise.withResolvers<void>();
    const lostEnded = Promise.withResolvers<void>();
    const works: Work[] = [() => lostMayEnd.promise, (it) => it.untilAborted()];
    const runner = makeRunner((it) => (works.shift() as Work)(it), {
      onChange: lostEnded.resolve,
      abortGraceMs: 10_000,
    });
    const lost = await bed.start();
    runner.start(lost);
    await waitFor(() => works.length === 1);
    runner.abortAll(new LeaseLostError('The lease ran out before it could be renewed'));
    await bed.lapse('worker');
    await bed.register('worker');
    const [again] = await bed.claim();
    runner.start(again as ClaimedSession);
    expect(again?.id).toBe(lost.id);
    expect(runner.activeCount).toBe(2);
    lostMayEnd.resolve();
    await lostEnded.promise;
    expect(runner).toMatchObject({ activeCount: 1, currentSessionId: lost.id });
    const lookForUnknown = { workerId: 'worker', sources: ['permits'], limit: 4, jobTimeoutMs: 60_000, unsure: true };
    expect(await bed.queue.claim({ ...lookForUnknown, held: runner.heldClaims })).toEqual([]);
    runner.abort(again as ClaimedSession, new CancelledError('The session was cancelled'));
    await runner.idle();
    expect(await bed.row(lost.id)).toMatchObject({ status: 'cancelled' });
  });

  it('fails only the session when its scraper cannot even be made', async () => {
    const runner = makeRunner(async () => {}, {
      createScraper: () => {
        throw new TypeError('broken scraper');
      },
    });
    const id = await run(runner);
    expect(await bed.row(id)).toMatchObject({ status: 'pending', retryCount: 1, errorCode: 'bug' });
  });
});

/** The queue over a connection whose answers get lost: the commit has happened, the caller sees a broken connection. */
function failingAfterCommit(fails: () => boolean): QueueBed['queue'] {
  return new Proxy(bed.queue, {
    get(queue, name) {
      const value = Reflect.get(queue, name) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== 'saveFinds') return value.bind(queue);
      return async (...given: unknown[]) => {
        const answer = await value.apply(queue, given);
        if (fails()) throw new Error('Connection terminated unexpectedly');
        return answer;
      };
    },
  });
}
