import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { lookForWork } from './look-for-work.ts';

let bed: QueueBed;

beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(() => bed.clear());
afterAll(() => bed.drop());

const look = (sources = ['permits'], managerPid = 4711) => lookForWork(bed.db, { sources, nodeId: 'node', managerPid });

const enqueue = (session: { hostKey?: string; wakeAt?: Date; source?: string } = {}) =>
  bed.queue.enqueue([{ source: 'permits', location: 'Georgia', ...session }]);

describe('lookForWork', () => {
  it('finds nothing in an empty queue, or in one that holds only work of other sources', async () => {
    expect(await look()).toEqual({ isReady: false, dueInMs: null });
    await enqueue({ source: 'other' });
    expect(await look()).toEqual({ isReady: false, dueInMs: null });
    expect(await look(['permits', 'other'])).toMatchObject({ isReady: true });
  });

  it('finds what could be claimed, and what is due although nobody has promoted it yet', async () => {
    await enqueue({ wakeAt: new Date(Date.now() - 60_000) });
    expect(await look()).toEqual({ isReady: true, dueInMs: 0 });
    await bed.clear();
    await enqueue();
    expect(await look()).toEqual({ isReady: true, dueInMs: null });
  });

  it('tells when the next session is due', async () => {
    await enqueue({ wakeAt: new Date(Date.now() + 600_000) });
    await enqueue({ wakeAt: new Date(Date.now() + 3_600_000) });
    const { isReady, dueInMs } = await look();
    expect(isReady).toBe(false);
    expect(dueInMs).toBeGreaterThan(540_000);
    expect(dueInMs).toBeLessThan(660_000);
  });

  it('takes a session in the line of a host for due when that host may be asked', async () => {
    await bed.setHost('example.com', { pausedS: 900 });
    await enqueue({ hostKey: 'example.com' });
    await bed.queue.tick();
    const { isReady, dueInMs } = await look();
    expect(isReady).toBe(false);
    expect(dueInMs).toBeGreaterThan(840_000);
    await bed.setHost('example.com');
    expect(await look()).toMatchObject({ isReady: true });
  });

  it('finds what a worker of the same manager runs, and nothing that others run', async () => {
    const worker = { workerId: 'own', nodeId: 'node', hostname: 'host', pid: 1, managerPid: 4711, concurrency: 4 };
    await bed.queue.registerWorker(worker);
    await bed.start({}, 'own');
    expect(await look()).toMatchObject({ isReady: true });
    expect(await look(['permits'], 4712)).toEqual({ isReady: false, dueInMs: null });
  });
});
