import { afterEach, describe, expect, it, vi } from 'vitest';
import { SettingsError } from './env.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { armFaultPoints, FAULT_POINTS, faultPoint, parseFaultPlan } from './fault-point.ts';

afterEach(() => armFaultPoints(undefined));

describe('a fault point', () => {
  it('does nothing at all unless a plan is armed', () => {
    for (const point of FAULT_POINTS) expect(faultPoint(point)).toBeUndefined();
  });

  it('throws what a broken connection looks like', async () => {
    armFaultPoints('before_commit=throw');
    await expect(faultPoint('before_commit')).rejects.toThrow(DatabaseUnavailableError);
    await expect(faultPoint('after_claim')).resolves.toBeUndefined();
  });

  it('hangs for as long as the plan says', async () => {
    armFaultPoints('mid_heartbeat=hang:40');
    const startedAtMs = performance.now();
    await faultPoint('mid_heartbeat');
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(35);
  });

  it.each([
    ['after_claim=kill', { action: 'kill', amount: 0, chance: 1 }],
    ['after_claim=exit:7', { action: 'exit', amount: 7, chance: 1 }],
  ])('ends its process by "%s"', async (plan, expected) => {
    const end = vi.fn();
    armFaultPoints(plan, 1, end);
    await faultPoint('after_claim');
    expect(end).toHaveBeenCalledExactlyOnceWith(expected);
  });

  it('strikes as often as its chance says, the same way for the same seed and process', async () => {
    const strikes = async (seed: number, pid: number) => {
      const end = vi.fn();
      armFaultPoints(`after_claim=kill@0.2;seed=${seed}`, pid, end);
      const hits: boolean[] = [];
      for (let index = 0; index < 1_000; index += 1) {
        const before = end.mock.calls.length;
        await faultPoint('after_claim');
        hits.push(end.mock.calls.length > before);
      }
      return hits;
    };
    const hits = await strikes(7, 100);
    expect(hits.filter(Boolean).length).toBeGreaterThan(150);
    expect(hits.filter(Boolean).length).toBeLessThan(250);
    expect(await strikes(7, 100)).toEqual(hits);
    expect(await strikes(8, 100)).not.toEqual(hits);
    expect(await strikes(7, 101)).not.toEqual(hits);
  });
});

describe('a plan of faults', () => {
  it('names points, actions, amounts, chances and a seed', () => {
    const { faults, seed } = parseFaultPlan(
      'after_claim=kill@0.05, before_commit=throw ,mid_heartbeat=hang:2000@.1;seed=7',
    );
    expect(seed).toBe(7);
    expect([...faults]).toEqual([
      ['after_claim', { action: 'kill', amount: 0, chance: 0.05 }],
      ['before_commit', { action: 'throw', amount: 0, chance: 1 }],
      ['mid_heartbeat', { action: 'hang', amount: 2_000, chance: 0.1 }],
    ]);
  });

  it.each([
    ['after_lunch=kill', 'names the point "after_lunch"; known are after_claim'],
    ['after_claim=explode', 'names the action "explode"; known are throw'],
    ['after_claim', 'must be POINT=ACTION'],
    ['after_claim=kill@1.5', 'from 0 to 1'],
    ['after_claim=hang:60001', 'takes at most 60000'],
    ['after_claim=kill;speed=3', 'only seed=NUMBER'],
  ])('is refused with a way out: %s', (text, message) => {
    expect(() => parseFaultPlan(text)).toThrow(SettingsError);
    expect(() => parseFaultPlan(text)).toThrow(message);
  });
});
