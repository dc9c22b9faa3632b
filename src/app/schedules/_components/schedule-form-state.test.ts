import { describe, expect, it } from 'vitest';
import type { ApiSchedule } from '#lib/api/schedule.ts';
import { toFormField, toRequest, toValues } from './schedule-form-state.ts';
import { formatInZone } from './zone-time.ts';

const SCHEDULE: ApiSchedule = {
  id: 1,
  name: 'Weekdays',
  cron: '0 7 * * 1-5',
  timeZone: 'America/New_York',
  everyMinutes: null,
  description: 'At 07:00, Monday through Friday',
  problem: null,
  targets: [
    { source: 'permits', location: 'Georgia', params: { signal: ['solar'] } },
    { source: 'simulated', location: 'Here' },
  ],
  batchSize: 5,
  priority: -3,
  maxRetries: null,
  jitterSeconds: 90,
  allowOverlap: true,
  catchUp: 'all',
  catchUpMax: 4,
  paused: false,
  nextAt: null,
  lastRun: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

describe('the form of a schedule', () => {
  it('sends back what it was given, whatever has not been changed', () => {
    const { name, cron, timeZone, everyMinutes, targets, batchSize, priority, maxRetries } = SCHEDULE;
    const { jitterSeconds, allowOverlap, catchUp, catchUpMax } = SCHEDULE;
    const rule = { name, cron, timeZone, everyMinutes, targets, batchSize, priority, maxRetries };
    expect(toRequest(toValues(SCHEDULE))).toEqual({ ...rule, jitterSeconds, allowOverlap, catchUp, catchUpMax });
  });

  it('sends minutes or a cron text, never both', () => {
    const values = { ...toValues(SCHEDULE), timing: 'minutes', everyMinutes: 15 } as const;
    expect(toRequest(values)).toMatchObject({ cron: null, everyMinutes: 15 });
    expect(toRequest({ ...values, timing: 'cron' })).toMatchObject({ cron: '0 7 * * 1-5', everyMinutes: null });
  });

  it.each([
    ['cron', 'cron'],
    ['jitterSeconds', 'jitterMinutes'],
    ['targets.2.location', 'targets.2.location'],
    ['targets.0.params.signal.0', 'targets.0.params'],
    ['targets', undefined],
    ['id', undefined],
  ])('shows what is wrong with "%s" at "%s"', (api, field) => {
    expect(toFormField(api)).toBe(field);
  });
});

describe('a time of a schedule', () => {
  it('is told as the clocks of its zone show it', () => {
    expect(formatInZone('2026-07-01T11:00:00Z', 'America/New_York')).toMatch(/Wed, Jul 1, 07:00 EDT/);
    expect(formatInZone('2026-01-05T12:00:00Z', 'America/New_York')).toMatch(/Mon, Jan 5, 07:00 EST/);
  });

  it('is told in UTC for a zone that is not known', () => {
    expect(formatInZone('2026-01-05T12:00:00Z', 'Mars/Olympus')).toMatch(/12:00 UTC/);
  });
});
