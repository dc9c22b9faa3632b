import { describe, expect, it } from 'vitest';
import { findProblems } from './find-problems.ts';
import type { Facts } from './read-facts.ts';

const WELL: Facts = {
  clockAheadMs: 40,
  clockErrorMs: 10,
  sessions: { ready: [], overdue: [], orphaned: [], quarantined: [] },
  workers: {
    living: 3,
    crashedLastHour: [],
    crashedSessions: [],
    silent: [],
    versions: [{ version: '1.0.0', workers: 3 }],
  },
  nodes: [
    {
      ...{ nodeId: 'office', status: 'healthy', mode: 'active', desiredWorkers: null, reasons: [] },
      missingWorkers: 0,
      silentMs: 2_000,
      leaseMs: 30_000,
    },
  ],
  connections: { max: 97, used: 20, needed: 30 },
  oldestTransactionMs: 5,
  proxies: { total: 0, usable: 0, testing: 0, unchecked: 0 },
  pausedHosts: [],
  schedulesOverdue: [],
  schedulesStopped: [],
};

const node = WELL.nodes[0] as Facts['nodes'][number];
/** Sessions of one source that could be claimed. */
const readyOf = (source: string, sessions: number, oldestMs = 1_000, hasBot = false): Facts['sessions'] => ({
  ...WELL.sessions,
  ready: [{ source, sessions, oldestMs, hasBot }],
});
const problems = (change: Partial<Facts>) => findProblems({ ...WELL, ...change });

describe('findProblems', () => {
  it('finds nothing where all is well', () => {
    expect(findProblems(WELL)).toEqual([]);
  });

  it('asks for no workers where only a bot can help, and for no bot where one is up', () => {
    const noWorkers = { workers: { ...WELL.workers, living: 0 } };
    expect(problems({ ...noWorkers, sessions: readyOf('notices', 1) }).map(({ level }) => level)).toEqual([
      'note',
      'note',
    ]);
    expect(problems({ sessions: readyOf('notices', 1, 700_000, true) })).toEqual([]);
  });

  it('measures the silence of a machine by its own lease', () => {
    expect(problems({ nodes: [{ ...node, silentMs: 90_000, leaseMs: 300_000 }] })).toEqual([]);
  });

  it('does not ask for the workers of a machine that is silent', () => {
    expect(problems({ nodes: [{ ...node, missingWorkers: 2, silentMs: 90_000 }] })).toHaveLength(1);
  });

  const cases: [string, Partial<Facts>, 'problem' | 'note', RegExp][] = [
    [
      'work without workers',
      { workers: { ...WELL.workers, living: 0 }, sessions: readyOf('permits', 2) },
      'problem',
      /2 sessions wait/,
    ],
    ['no workers and no work', { workers: { ...WELL.workers, living: 0 } }, 'note', /No worker runs/],
    ['workers that nobody missed', { workers: { ...WELL.workers, silent: ['w1'] } }, 'problem', /w1/],
    [
      'a crash',
      { workers: { ...WELL.workers, crashedLastHour: [{ workerId: 'w', reason: 'Killed' }] } },
      'note',
      /1 worker crashed.*Killed/,
    ],
    ['workers that are missing', { nodes: [{ ...node, missingWorkers: 2 }] }, 'problem', /office has 2 workers less/],
    [
      'a silent machine',
      { nodes: [{ ...node, silentMs: 90_000 }] },
      'problem',
      /office has been silent for 1 min 30 s/,
    ],
    [
      'an unhealthy machine',
      { nodes: [{ ...node, status: 'unhealthy', reasons: ['Memory is 98 % used'] }] },
      'problem',
      /Memory is 98 % used/,
    ],
    ['a degraded machine', { nodes: [{ ...node, status: 'degraded', reasons: ['CPU'] }] }, 'note', /degraded/],
    [
      'a machine that went without a word',
      { nodes: [{ ...node, status: 'gone' }] },
      'problem',
      /office has been silent/,
    ],
    ['a machine scaled to 0', { nodes: [{ ...node, desiredWorkers: 0 }] }, 'note', /office is scaled to 0/],
    ['schedules that stopped', { schedulesStopped: ['Mornings'] }, 'problem', /no next run: Mornings/],
    ['a paused machine', { nodes: [{ ...node, mode: 'paused' }] }, 'note', /paused/],
    ['sessions past their time', { sessions: { ...WELL.sessions, overdue: [7, 5] } }, 'problem', /7, 5/],
    ['sessions of workers that are gone', { sessions: { ...WELL.sessions, orphaned: [9] } }, 'problem', /stuck.*9/],
    [
      'sessions that wait long',
      { sessions: readyOf('permits', 4, 700_000) },
      'note',
      /4 sessions could be claimed, the oldest for 11 min 40 s/,
    ],
    [
      'sessions that only a bot can take, without one',
      { sessions: readyOf('notices', 2, 700_000) },
      'problem',
      /2 sessions of "notices" wait, and no bot/,
    ],
    ['quarantined sessions', { sessions: { ...WELL.sessions, quarantined: [3] } }, 'problem', /died three times: 3/],
    [
      'versions that differ',
      {
        workers: {
          ...WELL.workers,
          versions: [
            { version: '1', workers: 2 },
            { version: null, workers: 1 },
          ],
        },
      },
      'note',
      /2 workers of 1, 1 worker of an unknown/,
    ],
    ['a clock that is ahead', { clockAheadMs: 8_000 }, 'problem', /8 s ahead of/],
    ['a clock that is behind', { clockAheadMs: -8_000 }, 'problem', /8 s behind/],
    ['too few connections', { connections: { max: 20, used: 10, needed: 30 } }, 'problem', /allows 20 connections.*30/],
    ['connections nearly used up', { connections: { max: 100, used: 95, needed: 30 } }, 'note', /95 of 100/],
    ['a forgotten transaction', { oldestTransactionMs: 7_200_000 }, 'note', /open for 2 h/],
    [
      'proxies that all fail',
      { proxies: { total: 3, usable: 0, testing: 0, unchecked: 0 } },
      'problem',
      /None of 3 proxies works/,
    ],
    [
      'proxies that are being tested',
      { proxies: { total: 3, usable: 0, testing: 2, unchecked: 0 } },
      'note',
      /2 of 3 are being tested/,
    ],
    [
      'paused hosts',
      { pausedHosts: [{ hostKey: 'example.com', reason: 'It refuses' }] },
      'problem',
      /example.com \(It refuses\)/,
    ],
    [
      'late schedules',
      { schedulesOverdue: [{ name: 'Mornings', lateMs: 600_000, problem: null }] },
      'problem',
      /Mornings \(10 min late\)/,
    ],
    [
      'schedules that nobody can read',
      { schedulesOverdue: [{ name: 'Mornings', lateMs: 600_000, problem: '"Mars" is no zone' }] },
      'problem',
      /cannot be read here: Mornings \(10 min late: "Mars" is no zone\)/,
    ],
  ];

  it.each(cases)('finds %s', (_name, change, level, words) => {
    const findings = problems(change);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      level,
      what: expect.stringMatching(words),
      advice: expect.stringMatching(/\.$/),
    });
  });

  it('says of proxies that nobody checks what checks them, and not while there is nobody to do it', () => {
    const proxies = { total: 3, usable: 1, testing: 2, unchecked: 2 };
    expect(problems({ proxies })).toEqual([
      {
        level: 'problem',
        what: '2 proxies wait for their first check, and no worker makes it',
        advice: expect.stringContaining('EKO_ECHO_URL'),
      },
    ]);
    const nobody = problems({ proxies, workers: { ...WELL.workers, living: 0 } });
    expect(nobody.map(({ what }) => what)).toEqual(['No worker runs']);
  });

  it('names the commands that undo what somebody asked of a machine', () => {
    const advice = (change: Partial<typeof node>) => problems({ nodes: [{ ...node, ...change }] })[0]?.advice;
    expect(advice({ mode: 'paused' })).toContain('"npx eko nodes resume office"');
    expect(advice({ desiredWorkers: 0 })).toContain('"npx eko nodes scale office default"');
  });

  it('names the sessions that crashed workers had, whose logs are to be read', () => {
    const crash = { ...WELL.workers, crashedLastHour: [{ workerId: 'w', reason: 'Killed' }] };
    const advice = (crashedSessions: number[]) => problems({ workers: { ...crash, crashedSessions } })[0]?.advice;
    expect(advice([8, 6])).toContain('"npx eko sessions logs 8"');
    expect(advice([8, 6])).toContain('8, 6');
    expect(advice([])).not.toContain('sessions logs');
  });

  it('calls no clock wrong that a slow answer alone explains', () => {
    expect(problems({ clockAheadMs: 8_000, clockErrorMs: 6_000 })).toEqual([]);
  });

  it('tells problems before notes, and long lists short', () => {
    const findings = problems({
      oldestTransactionMs: 7_200_000,
      sessions: { ...WELL.sessions, overdue: [1, 2, 3, 4, 5, 6, 7] },
    });
    expect(findings.map(({ level }) => level)).toEqual(['problem', 'note']);
    expect(findings[0]?.what).toMatch(/1, 2, 3, 4, 5 and 2 more$/);
  });
});
