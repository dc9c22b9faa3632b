import { describe, expect, it } from 'vitest';
import type { CatchUpPolicy } from '../db/schema/vocabulary.ts';
import { parseRule } from './occurrences.ts';
import { MISSED_RECORDED_MAX, planDue } from './plan-due.ts';

const daily = parseRule({ cron: '0 7 * * *', timeZone: 'UTC', everyMinutes: null });
const minutely = parseRule({ cron: null, timeZone: 'UTC', everyMinutes: 1 });

function planDaily(catchUp: CatchUpPolicy, now: string, catchUpMax = 10) {
  const settledUntil = new Date('2026-01-01T07:00:00Z');
  const plan = planDue({ rule: daily, settledUntil, now: new Date(now), catchUp, catchUpMax });
  return {
    ...plan,
    start: plan.start.map((at) => at.getUTCDate()),
    missed: plan.missed.map((at) => at.getUTCDate()),
    next: plan.next?.toISOString(),
  };
}

describe('what is due', () => {
  it('is nothing before the next occurrence', () => {
    expect(planDaily('latest', '2026-01-02T06:59:59Z')).toEqual({
      start: [],
      missed: [],
      moreMissed: false,
      next: '2026-01-02T07:00:00.000Z',
    });
  });

  it.each(['skip', 'latest', 'all'] as const)('on time it is started, whatever the policy (%s)', (policy) => {
    expect(planDaily(policy, '2026-01-02T07:00:03Z')).toMatchObject({ start: [2], missed: [] });
  });

  it('after three days away is left out by skip', () => {
    expect(planDaily('skip', '2026-01-04T12:00:00Z')).toMatchObject({ start: [], missed: [2, 3, 4] });
  });

  it('after three days away is started once, for the latest, by latest', () => {
    expect(planDaily('latest', '2026-01-04T12:00:00Z')).toMatchObject({ start: [4], missed: [2, 3] });
  });

  it('after three days away is started for each by all, up to its limit', () => {
    expect(planDaily('all', '2026-01-04T12:00:00Z')).toMatchObject({ start: [2, 3, 4], missed: [] });
    expect(planDaily('all', '2026-01-04T12:00:00Z', 2)).toMatchObject({ start: [3, 4], missed: [2] });
  });

  it('that comes in time after some that did not is started by skip as well', () => {
    expect(planDaily('skip', '2026-01-04T07:00:30Z')).toMatchObject({ start: [4], missed: [2, 3] });
  });

  it('after a year of minutes is bounded, and says that there was more', () => {
    const settledUntil = new Date('2025-01-01T00:00:00Z');
    const now = new Date('2026-01-01T00:00:00Z');
    const plan = planDue({ rule: minutely, settledUntil, now, catchUp: 'all', catchUpMax: 5 });
    expect(plan.start).toHaveLength(5);
    expect(plan.start.at(-1)).toEqual(now);
    expect(plan.missed).toHaveLength(MISSED_RECORDED_MAX);
    expect(plan.moreMissed).toBe(true);
    expect(plan.next).toEqual(new Date('2026-01-01T00:01:00Z'));
  });
});
