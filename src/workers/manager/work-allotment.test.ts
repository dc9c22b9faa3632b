import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkAllotment, type WorkerShare } from './work-allotment.ts';

const share = (pid: number, processed = 0, active = 0, more: Partial<WorkerShare> = {}): WorkerShare => ({
  pid,
  processed,
  active,
  succeeded: processed,
  failed: 0,
  workLimit: null,
  mayClaim: true,
  ...more,
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

  it('lets others do what a worker holds that may not claim, once that one knows', () => {
    const allotment = new WorkAllotment(4);
    const idle = { workLimit: 1, mayClaim: false };
    expect(allotment.update([share(1), share(2)])).toEqual([
      { pid: 1, sessionsMax: 1 },
      { pid: 2, sessionsMax: 1 },
    ]);
    const update = (first: WorkerShare, second: WorkerShare) => allotment.update([first, second]);
    // It has not said yet that it has heard of its one session: it may be about to begin it.
    expect(update(share(1, 1, 0, { workLimit: 1 }), share(2, 0, 0, { ...idle, workLimit: 0 }))).toEqual([
      { pid: 1, sessionsMax: 2 },
    ]);
    expect(update(share(1, 1, 0, { workLimit: 2 }), share(2, 0, 0, idle))).toEqual([{ pid: 2, sessionsMax: 0 }]);
    // A claim under way keeps what it was begun with.
    expect(update(share(1, 2, 0, { workLimit: 2 }), share(2, 0, 0, idle))).toEqual([{ pid: 1, sessionsMax: 3 }]);
    expect(update(share(1, 3, 0, { workLimit: 3 }), share(2, 0, 0, idle))).toEqual([]);
    expect(update(share(1, 3, 0, { workLimit: 3 }), share(2, 0, 0, { ...idle, workLimit: 0 }))).toEqual([
      { pid: 1, sessionsMax: 4 },
    ]);
  });

  it('gives a worker that may claim again what is there then', () => {
    const allotment = new WorkAllotment(1);
    allotment.update([share(1)]);
    expect(allotment.update([share(1, 0, 0, { workLimit: 1, mayClaim: false })])).toEqual([{ pid: 1, sessionsMax: 0 }]);
    expect(allotment.update([share(1, 0, 0, { workLimit: 1 })])).toEqual([]);
    expect(allotment.update([share(1, 0, 0, { workLimit: 0 })])).toEqual([{ pid: 1, sessionsMax: 1 }]);
  });

  it('lets workers never do more than the limit, whatever they are told and when they hear it, and in the end all of it', () => {
    const moves = fc.array(MOVE, { minLength: 60, maxLength: 120 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), moves, (total, played) => {
        const model = new Model(total);
        for (const { worker, does } of played) model.play(worker, does);
        for (const index of [0, 1, 2]) model.play(index, index === 0 ? 'allow' : 'forbid');
        for (let round = 0; round < 150 && model.processed < total; round += 1) model.playAll();
        expect({ begunMax: model.begunMax, done: model.processed }).toEqual({ begunMax: total, done: total });
      }),
      { numRuns: 1_000 },
    );
  });
});

const WORKING = ['hear', 'ask', 'answer', 'end', 'beat', 'arrive'] as const;
type Move = (typeof WORKING)[number] | 'allow' | 'forbid';
const MOVE = fc.record({
  worker: fc.integer({ min: 0, max: 2 }),
  does: fc.constantFrom<Move>('allow', 'forbid', ...WORKING, 'hear', 'arrive'),
});

class Model {
  readonly #allotment: WorkAllotment;
  readonly #workers = [0, 1, 2].map((pid) => new ModelWorker(pid));
  begunMax = 0;

  constructor(total: number) {
    this.#allotment = new WorkAllotment(total);
  }

  get processed(): number {
    return this.#workers.reduce((sum, { processed }) => sum + processed, 0);
  }

  play(index: number, does: Move): void {
    this.#workers[index]?.[does]();
    for (const { pid, sessionsMax } of this.#allotment.update(this.#workers.map((worker) => worker.share))) {
      this.#workers[pid]?.inbox.push(sessionsMax);
    }
    const begun = this.#workers.reduce((sum, { processed, active }) => sum + processed + active, 0);
    this.begunMax = Math.max(this.begunMax, begun);
  }

  playAll(): void {
    for (const does of WORKING) for (const { pid } of this.#workers) this.play(pid, does);
  }
}

/** A worker at the other end of two lines of messages. Its claims take their time. */
class ModelWorker {
  readonly pid: number;
  readonly inbox: (number | boolean)[] = [];
  readonly #outbox: WorkerShare[] = [];
  processed = 0;
  active = 0;
  #limit = 0;
  #mayClaim = true;
  #underWay = 0;
  /** As its manager sees it. */
  share: WorkerShare;

  constructor(pid: number) {
    this.pid = pid;
    this.share = share(pid, 0, 0, { workLimit: 0 });
  }

  allow(): void {
    this.#decide(true);
  }

  forbid(): void {
    this.#decide(false);
  }

  #decide(mayClaim: boolean): void {
    this.inbox.push(mayClaim);
    this.share = { ...this.share, mayClaim };
  }

  hear(): void {
    const message = this.inbox.shift();
    if (typeof message === 'number') this.#limit = message;
    if (typeof message === 'boolean') this.#mayClaim = message;
  }

  ask(): void {
    if (this.#mayClaim && this.#underWay === 0)
      this.#underWay = Math.max(0, Math.min(4, this.#limit - this.processed) - this.active);
  }

  answer(): void {
    this.active += this.#underWay;
    this.#underWay = 0;
  }

  end(): void {
    if (this.active === 0) return;
    this.active -= 1;
    this.processed += 1;
  }

  beat(): void {
    const workLimit = Math.max(this.#limit, this.processed + this.active + this.#underWay);
    this.#outbox.push(share(this.pid, this.processed, this.active, { workLimit }));
  }

  arrive(): void {
    const seen = this.#outbox.shift();
    if (seen) this.share = { ...seen, mayClaim: this.share.mayClaim };
  }
}
