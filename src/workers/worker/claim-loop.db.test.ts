import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '#lib/logger.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import { ClaimDoubt } from './claim-doubt.ts';
import { ClaimLoop, type ClaimLoopOptions } from './claim-loop.ts';

let bed: QueueBed;
const loops: ClaimLoop[] = [];

beforeAll(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  await bed.clear();
});
afterAll(() => bed.drop());

interface Worker {
  loop: ClaimLoop;
  running: ClaimedSession[];
  handedBack: ClaimedSession[];
  limits: number[];
  /** The claims whose answer has come. */
  answered: number;
  end(session: ClaimedSession): void;
}

function makeWorker(slots: number, options: Partial<ClaimLoopOptions> = {}): Worker {
  const queue = bed.otherQueue();
  const worker: Worker = {
    running: [],
    handedBack: [],
    limits: [],
    answered: 0,
    end(session) {
      worker.running.splice(worker.running.indexOf(session), 1);
      worker.loop.nudge();
    },
    loop: new ClaimLoop({
      claim: async (limit) => {
        worker.limits.push(limit);
        const claimed = await queue.claim({ workerId: 'worker', sources: ['permits'], limit, jobTimeoutMs: 60_000 });
        worker.answered += 1;
        return claimed;
      },
      freeSlots: () => slots - worker.running.length,
      mayClaim: () => true,
      start: (session) => void worker.running.push(session),
      handBack: async (sessions, reason) => {
        worker.handedBack.push(...sessions);
        await Promise.all(sessions.map((session) => queue.handBack(session, { reason })));
      },
      logger: silentLogger(),
      ...options,
    }),
  };
  loops.push(worker.loop);
  return worker;
}

const enqueue = (count: number) =>
  bed.queue.enqueue(Array.from({ length: count }, () => ({ source: 'permits', location: 'Georgia' })));

describe('ClaimLoop', () => {
  it('asks nothing before it is nudged, and nothing again while idle', async () => {
    const worker = makeWorker(2);
    expect(worker.limits).toEqual([]);
    worker.loop.nudge();
    await waitFor(() => worker.answered === 1);
    await enqueue(1);
    expect(worker.running).toEqual([]);
    expect(worker.limits).toEqual([2]);
  });

  it('takes only as many as there are free slots, and the next when one becomes free', async () => {
    await enqueue(3);
    const worker = makeWorker(2);
    worker.loop.nudge();
    await waitFor(() => worker.running.length === 2);
    const [first] = worker.running;
    if (first) worker.end(first);
    await waitFor(() => worker.running.length === 2 && !worker.running.includes(first as ClaimedSession));
    expect(worker.limits).toEqual([2, 1]);
  });

  it('remembers a nudge that came while all slots were taken', async () => {
    const worker = makeWorker(1);
    await enqueue(1);
    worker.loop.nudge();
    await waitFor(() => worker.running.length === 1);
    await enqueue(1);
    worker.loop.nudge();
    const [first] = worker.running;
    if (first) worker.end(first);
    await waitFor(() => worker.running.length === 1 && worker.running[0] !== first);
  });

  it('tries again by itself when the database failed', async () => {
    await enqueue(1);
    let failures = 2;
    const worker = makeWorker(1);
    const real = bed.otherQueue();
    const failing = makeWorker(1, {
      claim: async (limit) => {
        failures -= 1;
        if (failures >= 0) throw Object.assign(new Error('away'), { code: '57P01' });
        return await real.claim({ workerId: 'worker', sources: ['permits'], limit, jobTimeoutMs: 60_000 });
      },
      start: (session) => void worker.running.push(session),
    });
    failing.loop.nudge();
    await waitFor(() => worker.running.length === 1);
  });

  it('says that it is unsure until it has looked when a lost claim can no longer be carried out', async () => {
    const doubt = new ClaimDoubt(5_000);
    const asked: { unsure: boolean; mayStillRun: boolean }[] = [];
    const worker = makeWorker(1, {
      doubt,
      claim: async (_, unsure) => {
        asked.push({ unsure, mayStillRun: doubt.remainingMs > 0 });
        if (asked.length === 1) throw new Error('The answer was lost');
        return [];
      },
    });
    worker.loop.nudge();
    // The second one came at once, the last by itself.
    await waitFor(() => asked.length > 2 && !doubt.isOpen);
    expect(asked.slice(0, 2)).toEqual([
      { unsure: true, mayStillRun: true },
      { unsure: true, mayStillRun: true },
    ]);
    // A timer may come a moment too early, which makes one more.
    expect(asked.at(-1)).toEqual({ unsure: true, mayStillRun: false });
    const looks = asked.length;
    worker.loop.nudge();
    await waitFor(() => asked.length > looks);
    expect(asked.at(-1)).toEqual({ unsure: false, mayStillRun: false });
  });

  it('takes up what was claimed for an earlier process of its name', async () => {
    const { id, claimNumber } = await bed.start();
    const worker = makeWorker(1, {
      claim: (limit, unsure) =>
        bed.queue.claim({ workerId: 'worker', sources: ['permits'], limit, jobTimeoutMs: 60_000, held: [], unsure }),
    });
    worker.loop.nudge();
    await waitFor(() => worker.running.length === 1);
    expect(worker.running).toMatchObject([{ id, claimNumber }]);
  });

  it('remembers a lost claim for as long as it has no slot to look with', async () => {
    const doubt = new ClaimDoubt(1);
    const asked: boolean[] = [];
    let slots = 1;
    const worker = makeWorker(1, {
      doubt,
      freeSlots: () => slots,
      claim: async (_, unsure) => {
        asked.push(unsure);
        if (asked.length > 1) return [];
        slots = 0;
        throw new Error('The answer was lost');
      },
    });
    worker.loop.nudge();
    await waitFor(() => doubt.isOpen && doubt.remainingMs === 0);
    worker.loop.nudge();
    slots = 1;
    worker.loop.nudge();
    await waitFor(() => asked.length === 2);
    expect(asked).toEqual([true, true]);
  });

  it('claims nothing without a safe lease', async () => {
    await enqueue(1);
    const worker = makeWorker(1, { mayClaim: () => false });
    worker.loop.nudge();
    await worker.loop.stop();
    expect(worker.limits).toEqual([]);
  });

  it('starts what must run alone and gives back what it claimed with it', async () => {
    const { sessions } = await enqueue(3);
    const alone = sessions[1]?.id ?? 0;
    await bed.db.query('update scraping_sessions set crash_count = 2 where id = $1', [alone]);
    const worker = makeWorker(4, { freeSlots: () => (worker.running.length > 0 ? 0 : 4) });
    worker.loop.nudge();
    await waitFor(() => worker.running.length === 1);
    await worker.loop.stop();
    expect(worker.running).toMatchObject([{ id: alone, crashCount: 2 }]);
    for (const { id } of worker.handedBack)
      expect(await bed.row(id)).toMatchObject({ status: 'pending', retryCount: 0 });
    expect(worker.handedBack).toHaveLength(2);
  });

  it('gives back at once what it claimed while it was being stopped', async () => {
    const { sessions } = await enqueue(1);
    const worker = makeWorker(1);
    worker.loop.nudge();
    await worker.loop.stop();
    expect(worker.running).toEqual([]);
    expect((await bed.row(sessions[0]?.id ?? 0)).status).toBe('pending');
  });
});
