import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, ShutdownError } from '#lib/errors.ts';
import { type GivenScraper, makeGivenRunner } from '#test/given-runner.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import type { JobRunner, JobRunnerDeps } from './job-runner.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterEach(() => bed.clear());
afterAll(() => bed.drop());

/** A runner whose sessions go on until the test ends them, or their signal does. */
interface Bench {
  runner: JobRunner;
  /** Locations in the order in which they began. */
  began: string[];
  /** Lets a session that has begun do something, and then end. */
  end(location: string, how?: (scraper: GivenScraper) => Promise<void>): void;
  uncleanCount(): number;
}

function makeBench(overrides: Partial<JobRunnerDeps> = {}): Bench {
  const began: string[] = [];
  const ends = new Map<string, (how: (scraper: GivenScraper) => Promise<void>) => void>();
  let uncleanCount = 0;
  const onUnclean = () => {
    uncleanCount += 1;
  };
  const runner = makeGivenRunner(
    async (scraper) => {
      const end = new Promise<(scraper: GivenScraper) => Promise<void>>((resolve) =>
        ends.set(scraper.location, resolve),
      );
      began.push(scraper.location);
      const how = await Promise.race([end, scraper.location === 'deaf' ? end : scraper.untilAborted()]);
      await how(scraper);
    },
    { db: bed.db, queue: bed.queue, onUnclean, ...overrides },
  );
  return {
    runner,
    began,
    end: (location, how = async () => {}) => ends.get(location)?.(how),
    uncleanCount: () => uncleanCount,
  };
}

/** One that died twice. @param limitMs its time limit, a quarter of which others get to finish. */
async function startSuspect(limitMs = 60_000): Promise<ClaimedSession> {
  const claimed = await bed.start({ location: 'suspect' });
  await bed.db.query('update scraping_sessions set crash_count = 2 where id = $1', [claimed.id]);
  return { ...claimed, crashCount: 2, timeoutAt: new Date(claimed.startedAt.getTime() + limitMs) };
}

/** Long enough for a machine that does other work too: a session must not run past it before others have made room. */
const SHORT_MS = 6_000;

describe('a session that must run alone', () => {
  it('begins at once in an empty worker, which may start nothing beside it', async () => {
    const { runner, began, end } = makeBench();
    expect(runner.isExclusive).toBe(false);
    runner.start(await startSuspect());
    expect(runner.isExclusive).toBe(true);
    await waitFor(() => began.length === 1);
    end('suspect');
    await runner.idle();
    expect(runner.isExclusive).toBe(false);
  });

  it('waits until the others have ended', async () => {
    const { runner, began, end } = makeBench();
    runner.start(await bed.start({ location: 'first' }));
    runner.start(await bed.start({ location: 'second' }));
    const suspect = await startSuspect();
    runner.start(suspect);
    await waitFor(() => began.length === 2);
    expect(runner.isExclusive).toBe(true);
    end('first');
    await waitFor(() => runner.activeCount === 2);
    expect(began).not.toContain('suspect');
    end('second');
    await waitFor(() => began.includes('suspect'));
    expect(runner.heldClaims).toEqual([suspect]);
    end('suspect');
    await runner.idle();
    expect(await bed.row(suspect.id)).toMatchObject({ status: 'completed' });
  });

  it('has those that do not end handed back, uncharged, before it begins', async () => {
    const { runner, began, end } = makeBench();
    const long = await bed.start({ location: 'long' });
    runner.start(long);
    runner.start(await startSuspect(SHORT_MS));
    await waitFor(() => began.includes('suspect'));
    expect(await bed.row(long.id)).toMatchObject({ status: 'pending', retryCount: 0, wakeInMs: null });
    expect((await bed.attempts(long.id)).map(({ outcome }) => outcome)).toEqual(['interrupted']);
    end('suspect');
    await runner.idle();
  });

  it('waits until what was claimed with it is really handed back', async () => {
    let away = true;
    const handBack: typeof bed.queue.handBack = async (claim, options) => {
      if (away) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      return await bed.queue.handBack(claim, options);
    };
    const queue = new Proxy(bed.queue, {
      get: (target, name) => (name === 'handBack' ? handBack : (Reflect.get(target, name) as () => void).bind(target)),
    });
    const { runner, began, end } = makeBench({ queue });
    const other = await bed.start({ location: 'other' });
    const handingBack = runner.handBack([other], 'claimed with it');
    runner.start(await startSuspect());
    await handingBack;
    expect(runner.heldClaims).toContain(other);
    expect(began).toEqual([]);
    away = false;
    await runner.handBackAbandoned();
    expect((await bed.row(other.id)).status).toBe('pending');
    await waitFor(() => began.includes('suspect'));
    end('suspect');
    await runner.idle();
  });

  it('does not begin beside a scraper that ignores its signal, but asks for another process', async () => {
    const { runner, began, end, uncleanCount } = makeBench();
    runner.start(await bed.start({ location: 'deaf' }));
    const suspect = await startSuspect(SHORT_MS);
    runner.start(suspect);
    await waitFor(() => uncleanCount() > 0);
    expect(began).toEqual(['deaf']);
    runner.abortAll(new ShutdownError('The worker is replaced'));
    await runner.idle();
    expect(await bed.row(suspect.id)).toMatchObject({ status: 'pending', crashCount: 2, retryCount: 0 });
    end('deaf');
  });

  it('lets others begin beside it once it has saved something, which clears it', async () => {
    const { runner, began, end } = makeBench();
    const suspect = await startSuspect();
    const saved = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    runner.start(suspect);
    await waitFor(() => began.length === 1);
    end('suspect', async (scraper) => {
      await scraper.save(1);
      saved.resolve();
      await finish.promise;
    });
    await saved.promise;
    expect(runner.isExclusive).toBe(false);
    expect(await bed.row(suspect.id)).toMatchObject({ status: 'running', crashCount: 0 });
    finish.resolve();
    await runner.idle();
  });

  it('is handed back unstarted when its worker stops, and the others go on', async () => {
    const { runner, began, end } = makeBench();
    runner.start(await bed.start({ location: 'other' }));
    const suspect = await startSuspect();
    runner.start(suspect);
    runner.abortWaiting(new ShutdownError('The worker is stopping'));
    await waitFor(() => runner.activeCount === 1);
    expect(await bed.row(suspect.id)).toMatchObject({ status: 'pending', crashCount: 2, retryCount: 0 });
    end('other');
    await runner.idle();
    expect(began).toEqual(['other']);
  });

  it('can be cancelled while it waits', async () => {
    const { runner, began, end } = makeBench();
    runner.start(await bed.start({ location: 'other' }));
    const suspect = await startSuspect();
    runner.start(suspect);
    runner.abort(suspect, new CancelledError('cancelled'));
    await waitFor(async () => (await bed.row(suspect.id)).status === 'cancelled');
    end('other');
    await runner.idle();
    expect(began).toEqual(['other']);
  });
});
