import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkAllotment, type WorkerShare } from './work-allotment.ts';

const share = (pid: number, processed = 0, active = 0): WorkerShare => ({
  pid,
  processed,
  active,
  succeeded: processed,
  failed: 0,
});

describe('WorkAllotment', () => {
  it('gives a lone worker all of it, piece by piece', () => {
    const allotment = new WorkAllotment(10);
    let allowed = 0;
    for (let round = 0; round < 10; round += 1) {
      allowed = allotment.update([share(1, allowed)])[0]?.sessionsMax ?? allowed;
    }
    expect(allowed).toBe(10);
    expect(allotment.update([share(1, 10)])).toEqual([]);
  });

  it('gives the last session to one worker only', () => {
    const raised = new WorkAllotment(1).update([share(1), share(2), share(3)]);
    expect(raised).toEqual([{ pid: 1, sessionsMax: 1 }]);
  });

  it('hands on what a worker that is gone had left, and keeps what it has done', () => {
    const allotment = new WorkAllotment(2);
    allotment.update([share(1)]);
    allotment.update([share(1, 1)]);
    const raised = allotment.update([share(2)]);
    expect(raised).toEqual([{ pid: 2, sessionsMax: 1 }]);
    allotment.update([share(2, 1)]);
    expect(allotment.done).toEqual({ processed: 2, succeeded: 2, failed: 0, active: 0 });
  });

  it('without a limit only counts', () => {
    const allotment = new WorkAllotment(Number.POSITIVE_INFINITY);
    expect(allotment.update([share(1, 3, 2), share(2, 1, 1)])).toEqual([]);
    expect(allotment.done).toMatchObject({ processed: 4, active: 3 });
  });

  it('lets workers that come, go and work as fast as they may never do more than the limit, and always all of it', () => {
    const step = fc.record({ worker: fc.integer({ min: 0, max: 3 }), does: fc.constantFrom('work', 'work', 'end') });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 80 }), (total, steps) => {
        const allotment = new WorkAllotment(total);
        const workers = [0, 1, 2, 3].map((index) => ({ id: index + 1, processed: 0, max: 0 }));
        let done = 0;
        let lastPid = 100;
        const nextPid = () => {
          lastPid += 1;
          return lastPid;
        };
        const exchange = () => {
          const raised = allotment.update(workers.map(({ id, processed }) => share(id, processed)));
          for (const { pid, sessionsMax } of raised) {
            for (const worker of workers) if (worker.id === pid) worker.max = sessionsMax;
          }
        };
        const work = (worker: (typeof workers)[number]) => {
          done += worker.max - worker.processed;
          worker.processed = worker.max;
        };
        for (const { worker: index, does } of steps) {
          exchange();
          const worker = workers[index] as (typeof workers)[number];
          if (does === 'work') work(worker);
          else Object.assign(worker, { id: nextPid(), processed: 0, max: 0 });
          expect(done).toBeLessThanOrEqual(total);
        }
        for (let round = 0; round < 70; round += 1) {
          exchange();
          for (const worker of workers) work(worker);
        }
        expect(done).toBe(total);
      }),
    );
  });
});
