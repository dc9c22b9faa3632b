import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { backedOff, createHostPace, granted, type HostPace, paused, released, startAtOf } from './host-pace.ts';
import type { SlotResult } from './host-pacer.ts';

/** How far the two clocks may drift apart while the database works; steps that would meet a border closer than this move on first. */
const DRIFT_MS = 3_000;

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const result = fc.constantFrom<SlotResult>(
  { kind: 'served' },
  { kind: 'served' },
  { kind: 'neutral' },
  { kind: 'error', error: 'status 500' },
  { kind: 'error', error: 'reset' },
  { kind: 'throttled', error: 'status 429' },
  { kind: 'refused', error: 'status 403' },
);
const request = fc.record({
  floorMs: fc.constantFrom(0, 300, 2_000, 90_000),
  robotsMs: fc.constantFrom(0, 0, 5_000),
  maxInflight: fc.constantFrom(1, 3),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ask' as const), times: fc.integer({ min: 1, max: 6 }), request, result }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('back off' as const),
      retryAfterMs: fc.constantFrom(null, 0, -1, 20_000, 7_200_000, 1e12),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.constantFrom<number[]>(60_000, 7_000_000) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom<number[]>(8e3, 7e4, 1e6, 8e6, 9e7) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What both must say; times as ms from now. */
interface Seen {
  gapMs: number;
  adaptiveMs: number;
  strikes: number;
  errorStreak: number;
  pauseCount: number;
  maxInflight: number;
  nextInMs: number;
  backoffInMs: number;
  pausedInMs: number;
  reason: string;
}

/** The pace kept by the functions of the database, whose rows are put back in time instead of waiting. */
class StoredPace {
  readonly #hostKey: string;

  constructor(hostKey: string) {
    this.#hostKey = hostKey;
  }

  async run(step: Step): Promise<void> {
    const { db } = test;
    if (step.do === 'back off')
      await db.query('select report_host_backoff($1, $2)', [this.#hostKey, step.retryAfterMs]);
    if (step.do === 'pause') await db.query('select pause_host($1, $2, $3)', [this.#hostKey, step.ms, 'by hand']);
    if (step.do === 'wait') {
      await db.query(
        `update host_pacing set next_at = next_at - m.gone, backoff_until = backoff_until - m.gone,
           backoff_decays_at = backoff_decays_at - m.gone, limited_since = limited_since - m.gone,
           paused_until = paused_until - m.gone
         from (select $2::float8 * interval '1 ms' as gone) m where host_key = $1`,
        [this.#hostKey, step.ms],
      );
    }
    if (step.do === 'ask') for (let time = 0; time < step.times; time += 1) await this.#ask(step);
  }

  async #ask({ request: { floorMs, robotsMs, maxInflight }, result }: Step & { do: 'ask' }): Promise<void> {
    const [slot] = await test.db.query<{ slot_id: number | null }>(
      'select slot_id from reserve_host_slot($1, $2, null, $3, $4, $5, 2000000000, 1000)',
      [this.#hostKey, 'worker', floorMs, robotsMs, maxInflight],
    );
    if (slot?.slot_id == null) return;
    const error = 'error' in result ? result.error : null;
    await test.db.query('select release_host_slot($1, $2, 0, $3, $4)', [
      this.#hostKey,
      slot.slot_id,
      result.kind,
      error,
    ]);
  }

  async see(): Promise<Seen> {
    const inMs = (column: string) =>
      `greatest(extract(epoch from least(${column}, clock_timestamp() + interval '10 years') - clock_timestamp()) * 1000, 0)::float8`;
    const [row] = await test.db.query(
      `select gap_ms as "gapMs", adaptive_ms as "adaptiveMs", strikes, error_streak as "errorStreak",
         pause_count as "pauseCount", max_inflight as "maxInflight", coalesce(pause_reason, '') as reason,
         ${inMs(`greatest(next_at, '2000-01-01')`)} as "nextInMs",
         ${inMs(`greatest(backoff_until, '2000-01-01')`)} as "backoffInMs",
         ${inMs(`coalesce(paused_until, '2000-01-01')`)} as "pausedInMs"
       from host_pacing where host_key = $1`,
      [this.#hostKey],
    );
    if (!row) throw new Error('The host is not known.');
    return row as unknown as Seen;
  }
}

/** The pace kept by the pure functions. */
class ModelPace {
  #pace: HostPace = createHostPace();
  #goneMs = 0;

  run(step: Step): void {
    const now = this.#now();
    if (step.do === 'back off') this.#pace = backedOff(this.#pace, step.retryAfterMs, now).pace;
    if (step.do === 'pause') this.#pace = paused(this.#pace, step.ms, 'by hand', now);
    if (step.do === 'wait') this.#goneMs += step.ms;
    if (step.do === 'ask') for (let time = 0; time < step.times; time += 1) this.#ask(step, now);
  }

  #ask({ request, result }: Step & { do: 'ask' }, now: number): void {
    if (this.#pace.pausedUntil > now) return;
    const startAt = startAtOf(this.#pace, request, now);
    this.#pace = released(granted(this.#pace, request, startAt, 0), result, now, now);
  }

  /** Whether a rule may decide one way here and the other way there. */
  isAtBorder(): boolean {
    const { backoffUntil, backoffDecaysAt, pausedUntil, limitedSince } = this.#pace;
    const borders = [backoffUntil, backoffDecaysAt, pausedUntil, (limitedSince ?? Number.NaN) + 900_000];
    return borders.some((border) => Math.abs(border - this.#now()) < DRIFT_MS);
  }

  see(): Seen {
    const inMs = (at: number) => Math.max(0, at - this.#now());
    const { gapMs, adaptiveMs, strikes, errorStreak, pauseCount, maxInflight, pauseReason } = this.#pace;
    const { nextAt, backoffUntil, pausedUntil } = this.#pace;
    return {
      ...{ gapMs, adaptiveMs, strikes, errorStreak, pauseCount, maxInflight, reason: pauseReason },
      nextInMs: inMs(nextAt),
      backoffInMs: inMs(backoffUntil),
      pausedInMs: inMs(pausedUntil),
    };
  }

  #now(): number {
    return performance.now() + this.#goneMs;
  }
}

it('follows the same rules in the database and in one process, whatever happens in whatever order', async () => {
  let hosts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      hosts += 1;
      const stored = new StoredPace(`host-${hosts}.example`);
      const model = new ModelPace();
      const start: Step = { do: 'pause', ms: -1 };
      for (const next of [start, ...steps]) {
        while (model.isAtBorder()) {
          await stored.run({ do: 'wait', ms: 2 * DRIFT_MS });
          model.run({ do: 'wait', ms: 2 * DRIFT_MS });
        }
        await stored.run(next);
        model.run(next);
        expectAlike(await stored.see(), model.see());
      }
    }),
    { numRuns: 120 },
  );
}, 240_000);

function expectAlike(stored: Seen, model: Seen): void {
  const { nextInMs, backoffInMs, pausedInMs, ...exact } = model;
  expect(stored).toMatchObject(exact);
  for (const [name, ms] of Object.entries({ nextInMs, backoffInMs, pausedInMs })) {
    expect(Math.abs(stored[name as 'nextInMs'] - ms), name).toBeLessThan(DRIFT_MS);
  }
}
