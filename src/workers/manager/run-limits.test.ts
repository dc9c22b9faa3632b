import { describe, expect, it } from 'vitest';
import {
  lookAgainMs,
  type RunDecision,
  type RunEvent,
  type RunLimits,
  runStatistics,
  startRun,
  stepRun,
  type WorkOutlook,
} from './run-limits.ts';

const NO_LIMITS: RunLimits = { until: 'stopped', maxWork: null, maxFailures: null, maxIdleMs: null };
const NOTHING = { isReady: false, dueInMs: null };
const HOUR_MS = 3_600_000;

const figures = (
  nowMs: number,
  processed: number,
  active: number,
  more: { standstill?: string; isDeserted?: boolean } = {},
): RunEvent => ({ type: 'figures', nowMs, processed, active, standstill: null, isDeserted: false, ...more });
const looked = (nowMs: number, outlook: WorkOutlook = NOTHING): RunEvent => ({
  type: 'looked',
  nowMs,
  outlook,
});

/** Plays events from time 0 on; what was decided at each, and the state in the end. */
function play(limits: Partial<RunLimits>, events: RunEvent[]) {
  let state = startRun(0);
  const decisions = events.map((event): RunDecision => {
    const step = stepRun(state, event, { ...NO_LIMITS, ...limits });
    state = step.state;
    return step.decision;
  });
  return {
    state,
    decisions,
    words: decisions.map((decision) => (decision.do === 'stop' ? decision.reason : decision.do)),
  };
}

/** Answers every look with `outlook` on a clock of 100 ms, until something stops the run or `untilMs` has come. */
function idle(limits: Partial<RunLimits>, untilMs: number, outlook: WorkOutlook = NOTHING) {
  let state = startRun(0);
  const lookedAtMs: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 100) {
    const seen = stepRun(state, figures(nowMs, 0, 0), { ...NO_LIMITS, ...limits });
    state = seen.state;
    if (seen.decision.do === 'stop') return { stoppedAtMs: nowMs, stop: seen.decision, lookedAtMs };
    if (seen.decision.do !== 'look') continue;
    lookedAtMs.push(nowMs);
    const answered = stepRun(state, looked(nowMs, outlook), { ...NO_LIMITS, ...limits });
    state = answered.state;
    if (answered.decision.do === 'stop') return { stoppedAtMs: nowMs, stop: answered.decision, lookedAtMs };
  }
  return { stoppedAtMs: null, stop: null, lookedAtMs };
}

describe('a run without limits', () => {
  it('goes on for ever, and asks the database nothing', () => {
    expect(idle({}, 10 * 60_000)).toEqual({ stoppedAtMs: null, stop: null, lookedAtMs: [] });
  });
});

describe('--max-work', () => {
  it('stops when so many are done and none is running', () => {
    const { words, decisions } = play({ maxWork: 3 }, [figures(0, 0, 2), figures(1, 2, 1), figures(2, 3, 0)]);
    expect(words).toEqual(['go-on', 'go-on', 'max-work']);
    expect(decisions.at(-1)).toMatchObject({ message: '3 tries done, which is the limit (--max-work 3)' });
  });

  it('waits for the one that still runs', () => {
    expect(play({ maxWork: 3 }, [figures(0, 3, 1)]).words).toEqual(['go-on']);
  });
});

describe('--max-failures', () => {
  it('counts looks in a row, waits 1, 2, 4 … s between them, and says how many there were', () => {
    const run = idle({ maxFailures: 4 }, 60_000);
    expect(run.lookedAtMs).toEqual([0, 1_000, 3_000, 7_000]);
    expect(run).toMatchObject({
      stoppedAtMs: 7_000,
      stop: { reason: 'max-failures', message: 'Looked 4 times in a row and found nothing (--max-failures 4)' },
    });
  });

  it('may be a single look', () => {
    expect(idle({ maxFailures: 1 }, 60_000).stop).toMatchObject({
      message: 'Looked once and found nothing (--max-failures 1)',
    });
  });

  it('never waits more than a minute', () => {
    expect([1, 2, 6, 7, 50].map(lookAgainMs)).toEqual([1_000, 2_000, 32_000, 60_000, 60_000]);
  });

  it('starts counting anew when something was done in between, or was there', () => {
    const worked = play({ maxFailures: 2 }, [
      figures(0, 0, 0),
      looked(0),
      figures(500, 1, 0),
      figures(1_600, 1, 0),
      looked(1_600),
    ]);
    expect(worked.words).toEqual(['look', 'go-on', 'go-on', 'look', 'go-on']);
    const seen = play({ maxFailures: 2 }, [looked(0), looked(1_000, { isReady: true, dueInMs: null }), looked(2_000)]);
    expect(seen.words).toEqual(['go-on', 'go-on', 'go-on']);
  });

  it('takes no look for empty that was answered while a session had begun', () => {
    expect(play({ maxFailures: 1 }, [figures(0, 0, 0), figures(10, 0, 1), looked(20)]).words).toEqual([
      'look',
      'go-on',
      'go-on',
    ]);
  });

  it('does not look while it looks', () => {
    expect(play({ maxFailures: 1 }, [figures(0, 0, 0), figures(99_000, 0, 0)]).words).toEqual(['look', 'go-on']);
  });
});

describe('--max-idle-hours', () => {
  it('stops after that time without a session, counted from the end of the last', () => {
    const { words, decisions } = play({ maxIdleMs: HOUR_MS / 2 }, [
      figures(HOUR_MS, 0, 1),
      figures(2 * HOUR_MS, 1, 0),
      figures(2.5 * HOUR_MS - 1, 1, 0),
      figures(2.5 * HOUR_MS, 1, 0),
      looked(2.5 * HOUR_MS + 5),
    ]);
    expect(words).toEqual(['go-on', 'go-on', 'go-on', 'look', 'max-idle']);
    expect(decisions.at(-1)).toMatchObject({ message: 'Nothing to do for 0.5 h (--max-idle-hours 0.5)' });
  });

  it('does not stop while nobody can say whether there is work, as when the database is away', () => {
    const unknown = { isReady: true, dueInMs: null };
    const { words } = play({ maxIdleMs: HOUR_MS }, [
      figures(HOUR_MS, 0, 0),
      looked(HOUR_MS + 5, unknown),
      figures(HOUR_MS + 500, 0, 0),
      figures(HOUR_MS + 1_005, 0, 0),
      looked(HOUR_MS + 1_010),
    ]);
    expect(words).toEqual(['look', 'go-on', 'go-on', 'look', 'max-idle']);
  });

  it('counts the time in which the machine claims nothing, whatever waits', () => {
    const standstill = 'unhealthy';
    const { words, decisions } = play({ maxIdleMs: HOUR_MS }, [
      figures(HOUR_MS - 1, 0, 1, { standstill }),
      figures(HOUR_MS, 1, 0, { standstill }),
      figures(2 * HOUR_MS - 1, 1, 0, { standstill }),
      figures(2 * HOUR_MS, 1, 0, { standstill }),
    ]);
    expect(words).toEqual(['go-on', 'go-on', 'go-on', 'max-idle']);
    expect(decisions.at(-1)).toMatchObject({
      message: 'Nothing was done for 1 h, on a machine that is unhealthy (--max-idle-hours 1)',
    });
  });

  it('does not stop while one session runs for longer than that', () => {
    expect(play({ maxIdleMs: 1_000 }, [figures(10, 0, 1), figures(99_000, 0, 1)]).words).toEqual(['go-on', 'go-on']);
  });

  it('and --max-failures: whichever comes first', () => {
    expect(idle({ maxIdleMs: 2_000, maxFailures: 4 }, 60_000).stop).toMatchObject({ reason: 'max-idle' });
    expect(idle({ maxIdleMs: 9_000, maxFailures: 4 }, 60_000).stop).toMatchObject({ reason: 'max-failures' });
  });
});

describe('--once', () => {
  it('stops at the first look that finds nothing, whether something was done or not', () => {
    expect(idle({ until: 'once', maxWork: 4 }, 60_000)).toMatchObject({
      stoppedAtMs: 0,
      stop: { reason: 'once', message: 'Nothing is waiting (--once)' },
    });
    const { decisions } = play({ until: 'once', maxWork: 4 }, [figures(0, 1, 0), figures(1_000, 1, 0), looked(1_000)]);
    expect(decisions.at(-1)).toMatchObject({ message: 'Nothing more is waiting (--once)' });
  });

  it('stops after one round although more is waiting', () => {
    expect(play({ until: 'once', maxWork: 4 }, [figures(0, 0, 4), figures(10, 4, 0)]).words).toEqual(['go-on', 'once']);
  });
});

describe('--drain', () => {
  it('waits for sessions that are soon tried again, and not for those that are due much later', () => {
    const soon = { isReady: false, dueInMs: 300_000 };
    expect(idle({ until: 'drained' }, 60_000, soon).stop).toBeNull();
    const later = { isReady: false, dueInMs: 3 * HOUR_MS };
    expect(idle({ until: 'drained' }, 60_000, later).stop).toMatchObject({
      reason: 'drained',
      message: 'The queue is empty; the next session is due in 180 min (--drain)',
    });
    expect(idle({ until: 'drained' }, 60_000).stop).toMatchObject({ message: 'The queue is empty (--drain)' });
  });

  it('stops at --max-work before the queue is empty', () => {
    expect(play({ until: 'drained', maxWork: 1 }, [figures(0, 1, 0)]).words).toEqual(['max-work']);
  });
});

describe('a run whose workers are gone for good', () => {
  const gone = [figures(0, 1, 0, { isDeserted: true })];

  it.each([
    { maxWork: 5 },
    { until: 'once' },
    { until: 'drained' },
    { maxFailures: 3 },
    { maxIdleMs: HOUR_MS },
  ] as const)('ends, and says why, with %o', (limits) => {
    expect(play(limits, gone)).toMatchObject({
      decisions: [{ reason: 'no-workers', message: 'No worker is left, and none follows (AUTO_RESTART is false)' }],
    });
  });

  it('has done what it was to do when they had', () => {
    expect(play({ maxWork: 1 }, gone).words).toEqual(['max-work']);
  });

  it('waits for people when no limit would end it', () => {
    expect(play({}, gone).words).toEqual(['go-on']);
  });
});

describe('runStatistics', () => {
  it('tells work per hour and the share of time in which something ran', () => {
    const { state } = play({}, [figures(0, 0, 2), figures(1_800_000, 10, 0), figures(HOUR_MS, 10, 0)]);
    expect(runStatistics(state)).toEqual({ processed: 10, runtimeMs: HOUR_MS, perHour: 10, efficiency: 0.5 });
  });

  it('tells no rate of a run that has only begun', () => {
    expect(runStatistics(startRun(5))).toEqual({ processed: 0, runtimeMs: 0, perHour: null, efficiency: 0 });
  });
});
