import { describe, expect, it } from 'vitest';
import { describeRule } from './describe-rule.ts';

const ofCron = (cron: string) => describeRule({ cron, timeZone: 'UTC', everyMinutes: null });
const ofMinutes = (everyMinutes: number) => describeRule({ cron: null, timeZone: 'UTC', everyMinutes });

describe('a rule in plain words', () => {
  it.each([
    ['0 7 * * 1-5', 'At 07:00, Monday through Friday'],
    ['*/10 * * * *', 'Every 10 minutes'],
    ['@daily', 'At 00:00'],
    ['  30  18 * * * ', 'At 18:30'],
    ['0 6 * * 7', 'At 06:00, only on Sunday'],
    ['0 0 L * *', 'At 00:00, on the last day of the month'],
  ])('tells the cron text "%s" as "%s"', (cron, words) => {
    expect(ofCron(cron)).toBe(words);
  });

  it.each([
    [1, 'Every minute'],
    [10, 'Every 10 minutes'],
    [60, 'Every hour'],
    [90, 'Every 90 minutes'],
    [2_880, 'Every 2 days'],
  ])('tells %s minutes as "%s"', (minutes, words) => {
    expect(ofMinutes(minutes)).toBe(words);
  });

  it('refuses what cannot be read', () => {
    expect(() => ofCron('61 * * * *')).toThrow(/"61 \* \* \* \*" is not a cron text/);
  });
});
