import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueueBed, type QueueBed, TEST_ERROR } from '#test/queue-bed.ts';
import type { Claim } from './job-queue.ts';
import { CRASHES_TO_QUARANTINE } from './retry-policy.ts';

/** What the rules say a session is, kept beside the real one. */
interface ModelSession {
  id: number;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  priority: number;
  maxRetries: number;
  claimNumber: number;
  retryCount: number;
  crashCount: number;
  cancelRequested: boolean;
  asleep: boolean;
  worker: string | null;
  leadsFound: number;
  attempts: number;
}

const WORKERS = ['ann', 'bob'] as const;
type WorkerName = (typeof WORKERS)[number];

const pick = fc.nat({ max: 1_000 });
const worker = fc.constantFrom(...WORKERS);
const write = fc.constantFrom('complete', 'retry', 'fail', 'snooze', 'handBack', 'cancelled', 'checkpoint');
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      priority: fc.integer({ min: -1, max: 1 }),
      maxRetries: fc.nat({ max: 2 }),
      // A sequence is too short for two deaths and what follows from them.
      crashCount: fc.nat({ max: CRASHES_TO_QUARANTINE - 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim' as const), worker, limit: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), write, pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('requestCancel' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retryByHand' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wake' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lapse and rescue' as const), worker }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      worker,
      cause: fc.constantFrom('crashed', 'killed', 'stopped'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('register' as const), worker }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Whom a death may be blamed on: what was alone, else those that died most often and had begun. */
function findSuspected(held: readonly ModelSession[]): readonly ModelSession[] {
  if (held.length === 1) return held;
  const begun = held.filter((session) => session.crashCount < CRASHES_TO_QUARANTINE - 1);
  const mostDeaths = Math.max(...begun.map((session) => session.crashCount));
  return begun.filter((session) => session.crashCount === mostDeaths);
}

/** The rules of the README's table, told once more in the plainest way. */
class QueueModel {
  readonly sessions: ModelSession[] = [];
  readonly claims: Claim[] = [];
  readonly living = new Set<string>(WORKERS);

  claimable(limit: number): ModelSession[] {
    return this.sessions
      .filter((session) => session.status === 'pending' && !session.asleep)
      .sort((a, b) => b.priority - a.priority || a.id - b.id)
      .slice(0, limit);
  }

  holder(claim: Claim): ModelSession | undefined {
    return this.sessions.find(
      (session) => session.id === claim.id && session.status === 'running' && session.claimNumber === claim.claimNumber,
    );
  }

  end(session: ModelSession, status: ModelSession['status'], asleep = false): ModelSession['status'] {
    session.status = status === 'pending' && session.cancelRequested ? 'cancelled' : status;
    session.asleep = session.status === 'pending' && asleep;
    session.claimNumber += 1;
    session.attempts += 1;
    session.worker = session.status === 'pending' ? null : session.worker;
    if (session.status === 'completed') session.cancelRequested = false;
    return session.status;
  }

  /** A try that counts. */
  charge(session: ModelSession): ModelSession['status'] {
    if (session.retryCount >= session.maxRetries) return this.end(session, 'failed');
    session.retryCount += 1;
    return this.end(session, 'pending', true);
  }

  write(session: ModelSession, kind: string): string {
    if (kind === 'complete') return this.end(session, 'completed');
    if (kind === 'retry') return this.charge(session);
    if (kind === 'fail') return this.end(session, 'failed');
    if (kind === 'snooze') return this.end(session, 'pending', true);
    if (kind === 'handBack') return this.end(session, 'pending');
    if (kind === 'cancelled') return this.end(session, 'cancelled');
    session.leadsFound += 2;
    session.crashCount = 0;
    return 'running';
  }

  /** The worker's process or lease is gone. */
  takeBack(worker: string, cause: string): number {
    const held = this.sessions.filter((session) => session.status === 'running' && session.worker === worker);
    const suspected = cause === 'crashed' ? findSuspected(held) : [];
    for (const session of held) {
      if (!suspected.includes(session)) this.end(session, 'pending');
      else this.die(session, held.length === 1);
    }
    return held.length;
  }

  /** Beside others a session may not be to blame, so no such death ends it. */
  die(session: ModelSession, alone: boolean): void {
    session.crashCount += 1;
    const hasTries = session.retryCount < session.maxRetries;
    if (hasTries) session.retryCount += 1;
    const ends = alone && (!hasTries || session.crashCount >= CRASHES_TO_QUARANTINE);
    this.end(session, ends ? 'failed' : 'pending', !ends);
  }
}

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterAll(() => bed.drop());

async function writeFor(claim: Claim, kind: string): Promise<string> {
  const { queue } = bed;
  if (kind === 'complete') return (await queue.complete([claim])).size > 0 ? 'completed' : 'stale';
  if (kind === 'retry') return await queue.retry(claim, { error: TEST_ERROR });
  if (kind === 'fail') return await queue.fail(claim, { error: TEST_ERROR });
  if (kind === 'snooze') return await queue.snooze(claim, { delayMs: 60_000, reason: 'resting' });
  if (kind === 'handBack') return await queue.handBack(claim, { reason: 'stopping' });
  if (kind === 'cancelled') return await queue.cancelled(claim);
  const saved = queue.checkpoint(claim, { cursor: 1 }, async () => ({ found: 2, fresh: 1 }));
  return await saved.then(
    () => 'running',
    () => 'stale',
  );
}

async function writeStep(model: QueueModel, kind: string, choice: number): Promise<void> {
  const claim = model.claims[choice % model.claims.length];
  if (!claim) return;
  const held = model.holder(claim);
  // A claim that completed its session is told so again.
  const [before] = held ? [] : await completedBy(claim);
  const expected = held ? model.write(held, kind) : kind === 'complete' && before ? 'completed' : 'stale';
  expect(await writeFor(claim, kind)).toBe(expected);
}

function completedBy(claim: Claim) {
  return bed.db.query(
    `select 1 from scraper_metrics where session_id = $1 and claim_number = $2 and outcome = 'completed'`,
    [claim.id, claim.claimNumber],
  );
}

async function personStep(model: QueueModel, verb: 'requestCancel' | 'retryByHand', choice: number): Promise<void> {
  const session = model.sessions[choice % model.sessions.length];
  if (!session) return;
  const ended = session.status !== 'pending' && session.status !== 'running';
  if (verb === 'requestCancel') {
    const expected = ended ? 'finished' : session.status === 'pending' ? 'cancelled' : 'cancelling';
    if (!ended) session.cancelRequested = true;
    if (session.status === 'pending') Object.assign(session, { status: 'cancelled', asleep: false });
    expect(await bed.queue.requestCancel(session.id)).toBe(expected);
    return;
  }
  const fresh = {
    status: 'pending',
    retryCount: 0,
    crashCount: 0,
    cancelRequested: false,
    asleep: false,
    worker: null,
  };
  if (ended) Object.assign(session, fresh);
  expect(await bed.queue.retryByHand(session.id)).toBe(ended ? 'pending' : 'not-finished');
}

type EnqueueStep = Extract<Step, { do: 'enqueue' }>;

async function enqueueStep(model: QueueModel, { priority, maxRetries, crashCount }: EnqueueStep): Promise<void> {
  const made = await bed.queue.enqueue([{ source: 'permits', location: 'Georgia', priority, maxRetries }]);
  const base = { status: 'pending', claimNumber: 0, retryCount: 0, leadsFound: 0, attempts: 0 } as const;
  const id = made.sessions[0]?.id ?? 0;
  await bed.db.query('update scraping_sessions set crash_count = $2 where id = $1', [id, crashCount]);
  const settings = { priority, maxRetries, crashCount };
  model.sessions.push({ ...base, ...settings, id, cancelRequested: false, asleep: false, worker: null });
}

async function claimStep(model: QueueModel, worker: string, limit: number): Promise<void> {
  const expected = model.living.has(worker) ? model.claimable(limit) : [];
  for (const session of expected) {
    Object.assign(session, { status: 'running', claimNumber: session.claimNumber + 1, worker });
  }
  const claimed = await bed.claim(worker, limit);
  expect(claimed.map(({ id, claimNumber }) => [id, claimNumber])).toEqual(
    expected.map(({ id, claimNumber }) => [id, claimNumber]),
  );
  model.claims.push(...claimed);
}

async function workerStep(model: QueueModel, step: Extract<Step, { worker: WorkerName }>): Promise<void> {
  if (step.do === 'lapse and rescue') {
    model.living.delete(step.worker);
    const expected = model.takeBack(step.worker, 'lost');
    await bed.lapse(step.worker);
    expect(await bed.queue.rescue()).toBe(expected);
  } else if (step.do === 'release') {
    model.living.delete(step.worker);
    const expected = model.takeBack(step.worker, step.cause);
    expect(await bed.queue.releaseWorker(step.worker, step.cause)).toBe(expected);
  } else if (step.do === 'register') {
    model.living.add(step.worker);
    model.takeBack(step.worker, 'lost');
    await bed.register(step.worker);
  } else await claimStep(model, step.worker, step.limit);
}

async function run(model: QueueModel, step: Step): Promise<void> {
  if (step.do === 'enqueue') await enqueueStep(model, step);
  else if (step.do === 'write') await writeStep(model, step.write, step.pick);
  else if (step.do === 'requestCancel' || step.do === 'retryByHand') await personStep(model, step.do, step.pick);
  else if (step.do === 'wake') {
    for (const session of model.sessions) session.asleep = false;
    await bed.wakeAll();
  } else await workerStep(model, step);
}

async function expectSameWorld(model: QueueModel): Promise<void> {
  const rows = await bed.db.query(
    `select id, status, claim_number as "claimNumber", retry_count as "retryCount", crash_count as "crashCount",
       cancel_requested as "cancelRequested", wake_at is not null as asleep, worker_id as worker, leads_found as "leadsFound",
       (select count(*)::int from scraper_metrics m where m.session_id = s.id) as attempts,
       (select coalesce(sum(m.leads_found), 0)::int from scraper_metrics m where m.session_id = s.id) as recorded
     from scraping_sessions s order by id`,
  );
  expect(rows.map(({ recorded, ...row }) => row)).toEqual(
    model.sessions.map(({ priority, maxRetries, ...session }) => session),
  );
  for (const row of rows) {
    // A running session's claim number is odd, any other's even: only a claim makes it odd, only an end makes it even.
    expect(Number(row.claimNumber) % 2 === 1).toBe(row.status === 'running');
    if (row.status !== 'running' && row.attempts !== 0) expect(row.recorded).toBe(row.leadsFound);
  }
}

/** LONG_RUN=1 asks for the full measure, by hand. */
const SEQUENCES = process.env.LONG_RUN === '1' ? 10_000 : 40;
const TIMEOUT_MS = SEQUENCES * 1_500;

describe('the queue', () => {
  it(
    `does what its rules say, whatever is asked of it in whatever order, ${SEQUENCES} times`,
    async () => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        await bed.clear();
        for (const name of WORKERS) await bed.register(name);
        const model = new QueueModel();
        for (const one of steps) {
          await run(model, one);
          await expectSameWorld(model);
        }
      });
      // A failure prints its seed and the shortest sequence that still fails.
      await fc.assert(property, { numRuns: SEQUENCES });
    },
    TIMEOUT_MS,
  );
});
