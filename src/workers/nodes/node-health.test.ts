import { describe, expect, it } from 'vitest';
import type { MachineSample } from './machine-sampler.ts';
import { type NodeHealth, nodeHealth } from './node-health.ts';

type Moment = Partial<MachineSample> & { crashes?: number };

const SECOND = 1_000;

/** Samples ten seconds apart, unless they say when; gives the state after each. */
function run(...moments: Moment[]): NodeHealth[] {
  const states: NodeHealth[] = [];
  for (const [index, moment] of moments.entries()) {
    states.push(nodeHealth({ ...CALM, atMs: index * 10 * SECOND, crashes: 0, ...moment }, states.at(-1)));
  }
  return states;
}

const CALM: MachineSample = {
  atMs: 0,
  cpuPercent: 20,
  memoryPercent: 40,
  diskPercent: 50,
  diskFreeMb: 5_000,
  cpuCount: 2,
  memoryLimitMb: 2_048,
};

const statuses = (...moments: Moment[]) => run(...moments).map(({ status }) => status);

describe('nodeHealth', () => {
  it('is healthy, and stays so where nothing can be measured', () => {
    const unknown = { cpuPercent: null, memoryPercent: null, diskPercent: null, diskFreeMb: null };
    expect(statuses({}, unknown, unknown)).toEqual(['healthy', 'healthy', 'healthy']);
  });

  it('degrades when memory has been short for 10 s, and says why with the thresholds', () => {
    const states = run({ memoryPercent: 91 }, { memoryPercent: 92.4 });
    expect(states.map(({ status }) => status)).toEqual(['healthy', 'degraded']);
    expect(states[1]?.reasons).toEqual(['Memory is 92 % used: too much from 90, fine again below 85']);
  });

  it('does not mind a peak that is over before 10 s have passed', () => {
    const peak = [
      { memoryPercent: 95, atMs: 0 },
      { memoryPercent: 70, atMs: 5 * SECOND },
      { memoryPercent: 95, atMs: 9 * SECOND },
      { memoryPercent: 95, atMs: 18 * SECOND },
    ];
    expect(statuses(...peak)).toEqual(['healthy', 'healthy', 'healthy', 'healthy']);
  });

  it('is unhealthy from 97 % memory or a full disk, and recovers by and by', () => {
    const memory = [98, 98, 94, 94, 93, 84, 84].map((memoryPercent) => ({ memoryPercent }));
    expect(statuses(...memory)).toEqual([
      'healthy',
      'unhealthy',
      'unhealthy',
      'unhealthy',
      'unhealthy',
      'unhealthy',
      'healthy',
    ]);
    const full = { diskPercent: 99, diskFreeMb: 200 };
    const states = run(full, full);
    expect(states[1]).toMatchObject({ status: 'unhealthy' });
    expect(states[1]?.reasons[0]).toContain('The disk of the data folder is 99 % full');
  });

  it('rises only to what was seen all the time', () => {
    expect(statuses({ memoryPercent: 99 }, { memoryPercent: 91 })).toEqual(['healthy', 'degraded']);
    expect(statuses({ memoryPercent: 91 }, { memoryPercent: 99 })).toEqual(['healthy', 'degraded']);
  });

  it('does not flap at the edge', () => {
    const edge = [91, 91, 89, 90, 89, 86, 88].map((memoryPercent) => ({ memoryPercent }));
    expect(statuses(...edge).slice(1)).toEqual(Array.from({ length: 6 }, () => 'degraded'));
  });

  it('does not mind a full share of a disk that still has plenty of room', () => {
    const large = { diskPercent: 98, diskFreeMb: 80_000 };
    expect(statuses(large, large, large)).toEqual(['healthy', 'healthy', 'healthy']);
  });

  it('degrades by a processor that has been busy for a minute, and never stops because of it', () => {
    const busy = Array.from({ length: 20 }, () => ({ cpuPercent: 100 }));
    const seen = statuses(...busy);
    expect(seen.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'healthy'));
    expect(new Set(seen.slice(6))).toEqual(new Set(['degraded']));
  });

  it('degrades when five workers crashed within 5 minutes, and forgets them afterwards', () => {
    const states = run(
      { crashes: 2 },
      { crashes: 5 },
      { crashes: 5, atMs: 200 * SECOND },
      { crashes: 5, atMs: 305 * SECOND },
      { crashes: 5, atMs: 315 * SECOND },
    );
    expect(states.map(({ status }) => status)).toEqual(['healthy', 'degraded', 'degraded', 'degraded', 'healthy']);
    expect(states[1]?.reasons).toEqual(['5 workers crashed within 5 minutes: too much from 5, fine again below 3']);
  });

  it('names every sign, and has the status of the worst', () => {
    const bad = { memoryPercent: 91, diskPercent: 99, diskFreeMb: 10 };
    const state = run(bad, bad)[1];
    expect(state?.status).toBe('unhealthy');
    expect(state?.reasons).toHaveLength(2);
  });
});
