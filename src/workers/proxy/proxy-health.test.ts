import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROXY_STATUSES, type ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { applyProxyEvent, type ProxyEvent, type ProxyHealth } from './proxy-health.ts';

const NOW = 1_800_000_000;
const INTERVAL = 300;

const fresh = (status: ProxyStatus = 'active', change: Partial<ProxyHealth> = {}): ProxyHealth => ({
  status,
  samples: [],
  faultStreak: 0,
  goodChecks: 0,
  coolingCycles: 0,
  successCount: 0,
  failureCount: 0,
  successRate: null,
  avgResponseTimeMs: null,
  lastCheckedAt: null,
  lastUsedAt: null,
  coolingUntil: status === 'cooling' ? NOW : null,
  nextCheckAt: NOW,
  lastError: null,
  ...change,
});

const use = (effect: (ProxyEvent & { kind: 'used' })['effect'], durationMs = 100): ProxyEvent => ({
  kind: 'used',
  effect,
  durationMs,
  error: 'it broke',
});
const PASSED: ProxyEvent = { kind: 'check-passed', durationMs: 50 };
const FAILED: ProxyEvent = { kind: 'check-failed', durationMs: 50, error: 'no answer', badCredentials: false };
const REFUSED: ProxyEvent = { ...FAILED, badCredentials: true };
const UNDECIDED: ProxyEvent = { kind: 'check-undecided', error: 'the dashboard is down' };
const STARTED: ProxyEvent = { kind: 'check-started' };

const clockAt = (nowSeconds = NOW, random = 1) => ({
  nowSeconds,
  checkIntervalSeconds: INTERVAL,
  random: () => random,
});
const follow = (health: ProxyHealth, ...events: ProxyEvent[]) =>
  events.reduce((state, event) => applyProxyEvent(state, event, clockAt()), health);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe('an edge of the state machine', () => {
  const edges: [from: ProxyStatus, to: ProxyStatus, what: string, events: ProxyEvent[]][] = [
    ['testing', 'testing', 'one good check', [PASSED]],
    ['testing', 'active', 'two good checks in a row', [PASSED, PASSED]],
    ['testing', 'cooling', 'a bad check', [FAILED]],
    ['testing', 'cooling', 'a bad check after a good one', [PASSED, FAILED]],
    ['testing', 'testing', 'a check that says nothing', [PASSED, UNDECIDED]],
    ['testing', 'active', 'two good checks around one that says nothing', [PASSED, UNDECIDED, PASSED]],
    ['testing', 'cooling', 'three faults of requests that may use unchecked ones', times(3, use('fault'))],
    ['testing', 'testing', 'any number of answered requests: only checks make it active', times(60, use('success'))],
    ['testing', 'testing', 'the start of a check', [STARTED]],
    ['active', 'active', 'two faults', times(2, use('fault'))],
    ['active', 'cooling', 'three faults in a row', times(3, use('fault'))],
    [
      'active',
      'active',
      'faults with an answer in between',
      [use('fault'), use('fault'), use('success'), use('fault')],
    ],
    ['active', 'active', 'five half-faults in a row', times(5, use('half-fault'))],
    ['active', 'cooling', 'six half-faults in a row', times(6, use('half-fault'))],
    ['active', 'cooling', 'a fault and four half-faults', [use('fault'), ...times(4, use('half-fault'))]],
    ['active', 'active', 'a refused password', [use('bad-credentials')]],
    ['active', 'failed', 'a password refused twice', times(2, use('bad-credentials'))],
    ['active', 'failed', 'a password refused in use and in a check', [use('bad-credentials'), REFUSED]],
    ['active', 'active', 'a password refused, taken, refused', [REFUSED, use('success'), REFUSED]],
    ['active', 'active', 'a hundred bans', times(100, use('ban'))],
    ['active', 'active', 'a hundred uses that say nothing', times(100, use('neutral'))],
    ['active', 'active', 'two bad checks', times(2, FAILED)],
    ['active', 'cooling', 'three bad checks', times(3, FAILED)],
    ['active', 'cooling', 'bad checks and faults together', [FAILED, use('fault'), FAILED]],
    ['active', 'active', 'any number of checks that say nothing', times(20, UNDECIDED)],
    ['active', 'active', 'the start of a check', [STARTED]],
    ['active', 'active', 'a check that a person asks for', [{ kind: 'check-wanted' }]],
    ['cooling', 'cooling', 'a late answer', [use('success'), PASSED, FAILED, use('fault')]],
    ['cooling', 'testing', 'the start of a check: half-open', [STARTED]],
    ['cooling', 'active', 'two good checks', [STARTED, PASSED, STARTED, PASSED]],
    ['cooling', 'cooling', 'a bad check', [STARTED, FAILED]],
    ['cooling', 'testing', 'a check that a person asks for', [{ kind: 'check-wanted' }]],
    ['cooling', 'testing', 'a person who enables it', [{ kind: 'enabled' }]],
    ['failed', 'failed', 'late answers', [use('success'), PASSED, PASSED]],
    ['failed', 'testing', 'the start of its daily check', [STARTED]],
    ['failed', 'active', 'two good checks', [STARTED, PASSED, STARTED, PASSED]],
    ['failed', 'testing', 'a check that a person asks for', [{ kind: 'check-wanted' }]],
    ['failed', 'testing', 'a person who enables it', [{ kind: 'enabled' }]],
    ['disabled', 'disabled', 'everything but a person', [STARTED, PASSED, PASSED, FAILED, use('fault'), UNDECIDED]],
    ['disabled', 'disabled', 'a check that a person asks for', [{ kind: 'check-wanted' }]],
    ['disabled', 'testing', 'a person who enables it', [{ kind: 'enabled' }]],
    ...PROXY_STATUSES.map((from): [ProxyStatus, ProxyStatus, string, ProxyEvent[]] => [
      from,
      'disabled',
      'a person who disables it',
      [{ kind: 'disabled' }],
    ]),
  ];

  it.each(edges)('leads from %s to %s: %s', (from, to, _what, events) => {
    expect(follow(fresh(from), ...events).status).toBe(to);
  });
});

describe('the window', () => {
  /** One letter a use: an answer (s) or a fault (f). */
  const uses = (letters: string) => [...letters].map((letter) => use(letter === 's' ? 'success' : 'fault'));

  it.each<[string, ProxyStatus]>([
    ['ffsffsffs', 'active'],
    ['ffsffsffsf', 'cooling'],
    ['ssfsfsfssf', 'active'],
    ['ssfsfsfssfsf', 'cooling'],
  ])('after the answers and faults %s leaves a proxy %s: cool below 60 percent of at least ten', (letters, status) => {
    expect(follow(fresh(), ...uses(letters)).status).toBe(status);
  });

  it('counts a half-fault half', () => {
    const halves = times(5, [use('half-fault'), use('half-fault'), use('success')]).flat();
    expect(follow(fresh(), ...halves)).toMatchObject({ status: 'active', successRate: 10 / 15 });
  });

  it('forgets what is older than fifteen minutes', () => {
    const at = (seconds: number) =>
      uses('ffsffsff').reduce((state, event) => applyProxyEvent(state, event, clockAt(seconds)), fresh());
    expect(follow(at(NOW - 901), ...uses('sf')).status).toBe('active');
    expect(follow(at(NOW - 899), ...uses('sf')).status).toBe('cooling');
  });

  it('gives success rate and mean response time, and keeps fifty', () => {
    const health = follow(fresh(), ...times(60, use('success', 500)), use('success', 100), use('fault', 9_000));
    expect(health.samples).toHaveLength(50);
    expect(health.successRate).toBeCloseTo(49 / 50);
    expect(health.avgResponseTimeMs).toBe(Math.round((48 * 500 + 100) / 49));
    expect(health).toMatchObject({ successCount: 61, failureCount: 1, faultStreak: 1, lastUsedAt: NOW });
  });

  it('starts anew with the checks that made a proxy active, so that its first fault is not its last', () => {
    const cooled = follow(fresh(), ...times(20, use('success')), ...times(3, use('fault')));
    const back = follow(cooled, STARTED, PASSED, STARTED, PASSED);
    expect(back).toMatchObject({ status: 'active', coolingCycles: 0, faultStreak: 0, successRate: 1, lastError: null });
    expect(follow(back, use('fault'), use('fault')).status).toBe('active');
  });
});

describe('cooling', () => {
  it('takes 60 s × 2^n with full jitter, and after six times in vain has failed', () => {
    let health = fresh('testing');
    const waits: number[] = [];
    while (health.status === 'testing') {
      health = follow(health, FAILED);
      if (health.coolingUntil !== null) waits.push(health.coolingUntil - NOW);
      if (health.status === 'cooling') health = follow(health, STARTED);
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920]);
    expect(health).toMatchObject({ status: 'failed', coolingUntil: null, nextCheckAt: NOW + 86_400 });
    const daily = follow(health, STARTED, FAILED);
    expect(daily).toMatchObject({ status: 'failed', nextCheckAt: NOW + 86_400 });
  });

  it('may be over at once', () => {
    const health = applyProxyEvent(fresh('testing'), FAILED, clockAt(NOW, 0));
    expect(health).toMatchObject({ status: 'cooling', coolingUntil: NOW, nextCheckAt: NOW });
  });
});

describe('the next check', () => {
  it.each<[ProxyStatus, string, ProxyEvent[], number]>([
    ['active', 'after one has started', [STARTED], INTERVAL],
    ['active', 'after a good one', [STARTED, PASSED], INTERVAL],
    ['active', 'soon after a bad one', [STARTED, FAILED], 15],
    ['active', 'after one that says nothing', [STARTED, UNDECIDED], INTERVAL],
    ['testing', 'not before the deadline of the one under way', [STARTED], 60],
    ['cooling', 'not before the deadline of the one under way', [STARTED], 60],
    ['failed', 'not before the deadline of the one under way', [STARTED], 60],
    ['testing', 'at once after the first good one', [STARTED, PASSED], 1],
    ['testing', 'at its interval when it is active', [STARTED, PASSED, STARTED, PASSED], INTERVAL],
    ['testing', 'a minute after one that says nothing', [STARTED, UNDECIDED], 60],
    ['failed', 'now, when a person asks', [{ kind: 'check-wanted' }], 0],
  ])('of an %s proxy comes %s', (from, _when, events, inSeconds) => {
    expect(follow(fresh(from, { nextCheckAt: NOW - 5 }), ...events).nextCheckAt).toBe(NOW + inSeconds);
  });
});

describe('whatever happens', () => {
  const anyEvent: fc.Arbitrary<ProxyEvent> = fc.oneof(
    fc.record({
      kind: fc.constant('used' as const),
      effect: fc.constantFrom('success', 'fault', 'half-fault', 'bad-credentials', 'ban', 'neutral'),
      durationMs: fc.nat(60_000),
      error: fc.string(),
    }),
    fc.record({ kind: fc.constant('check-passed' as const), durationMs: fc.nat(60_000) }),
    fc.record({
      kind: fc.constant('check-failed' as const),
      durationMs: fc.nat(60_000),
      error: fc.string({ maxLength: 1_000 }),
      badCredentials: fc.boolean(),
    }),
    fc.constantFrom<ProxyEvent>(
      STARTED,
      UNDECIDED,
      { kind: 'check-wanted' },
      { kind: 'disabled' },
      { kind: 'enabled' },
    ),
  );
  const anyHistory = fc.array(
    fc.record({ event: anyEvent, waitSeconds: fc.nat(600), random: fc.float({ min: 0, max: 1, noNaN: true }) }),
    {
      maxLength: 120,
    },
  );

  it('the state stays sound, and only the events that may change it do', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROXY_STATUSES), anyHistory, (from, history) => {
        let health = fresh(from);
        let at = NOW;
        for (const { event, waitSeconds, random } of history) {
          at += waitSeconds;
          const next = applyProxyEvent(health, event, clockAt(at, random));
          expectSound(next, at);
          expectAllowed(health, next, event);
          health = next;
        }
      }),
    );
  });

  function expectSound(health: ProxyHealth, at: number): void {
    expect(health.samples.length).toBeLessThanOrEqual(50);
    expect(health.successRate ?? 0).toBeGreaterThanOrEqual(0);
    expect(health.successRate ?? 1).toBeLessThanOrEqual(1);
    expect(health.coolingCycles).toBeLessThanOrEqual(6);
    expect(health.goodChecks).toBeLessThan(2);
    expect((health.lastError ?? '').length).toBeLessThanOrEqual(300);
    expect(health.coolingUntil !== null).toBe(health.status === 'cooling');
    // Nothing waits longer than a day for its next check: every proxy comes back by itself, unless a person took it out.
    expect(health.nextCheckAt).toBeLessThanOrEqual(at + 86_400);
  }

  function expectAllowed(before: ProxyHealth, after: ProxyHealth, event: ProxyEvent): void {
    if (before.status === after.status) return;
    if (after.status === 'active') expect([before.status, event.kind]).toEqual(['testing', 'check-passed']);
    if (before.status === 'disabled') expect(event.kind).toBe('enabled');
    if (after.status === 'disabled') expect(event.kind).toBe('disabled');
    if (event.kind === 'used') expect(['ban', 'neutral', 'success']).not.toContain(event.effect);
  }
});
