import { describe, expect, it } from 'vitest';
import { permitParamsSchema, watermarkScope } from './permit-params.ts';

const problems = (input: unknown): string =>
  permitParamsSchema
    .safeParse(input)
    .error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join() ?? '';

describe('the params of a permits session', () => {
  it.each([
    [{}, 'any'],
    [{ signal: 'ANY' }, 'any'],
    [{ signal: 'reroof' }, ['re-roof']],
    [{ signal: 'Re_Roof' }, ['re-roof']],
    [{ signal: ['EV charger', 'solar', 'solar'] }, ['solar', 'ev-charger']],
    [{ signal: 'battery, new home' }, ['battery', 'new-home']],
  ])('choose signals leniently: %j', (input, signal) => {
    expect(permitParamsSchema.parse(input).signal).toEqual(signal);
  });

  it.each([
    [{ signal: 'gold' }, 'signal: "gold" is not a signal'],
    [{ signal: [] }, 'signal'],
    [{ signal: 7 }, 'signal: must be a signal'],
    [{ since: 'yesterday' }, 'since: "yesterday" is not an ISO date'],
    [{ since: '2026-02-31' }, 'since: "2026-02-31" is not an ISO date'],
    [{ since: '2999-01-01' }, 'since: "2999-01-01" lies in the future'],
    [{ maxRows: 0 }, 'maxRows: must be at least 1'],
    [{ maxRows: 1.5 }, 'maxRows: must be a whole number'],
    [{ maxRows: 1_000_001 }, 'maxRows: must be at most 1000000'],
    [{ colour: 1 }, 'colour'],
  ])('are refused by name: %j', (input, message) => {
    expect(problems(input)).toContain(message);
  });

  it('name the same scope whatever the order of the signals', () => {
    expect(watermarkScope(['solar', 'battery'])).toBe('battery+solar');
    expect(watermarkScope('any')).toBe('any');
  });
});
