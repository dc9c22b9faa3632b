import { jitteredBackoffMs } from '#lib/backoff.ts';
import type { ProxySample } from '#lib/db/schema/proxy-pool.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { assertNever } from '#lib/invariant.ts';
import type { ProxyUse } from './proxy-routes.ts';
import { addSample, badCredentialsInARow, faultsInARow, measureWindow } from './proxy-window.ts';

/**
 * The states of a proxy. Pure: rows are read and written by health-store.ts.
 *
 *   testing ── 2 good checks in a row ──▶ active ── 3 faults in a row, or success below 60 % ──▶ cooling
 *      │  ▲                                  │                                                       │
 *      │  └──────────── its time is over: half-open, one check at a time ────────────────────────────┤
 *      ├── a bad check ──▶ cooling           └── 407 twice in a row ──▶ failed ◀── 6 times in vain ───┘
 *      ▲                                                                  │
 *      └────────────────────────── checked again once a day ──────────────┘
 *   any ── by hand ──▶ disabled ── by hand ──▶ testing
 *
 * All times are in seconds since 1970, by the database's clock.
 */
export interface ProxyHealth {
  status: ProxyStatus;
  /** The window that success rate and response time are made of, oldest first. */
  samples: readonly ProxySample[];
  faultStreak: number;
  goodChecks: number;
  coolingCycles: number;
  successCount: number;
  failureCount: number;
  successRate: number | null;
  avgResponseTimeMs: number | null;
  lastCheckedAt: number | null;
  lastUsedAt: number | null;
  coolingUntil: number | null;
  nextCheckAt: number;
  lastError: string | null;
}

export type ProxyEvent =
  | ({ kind: 'used' } & ProxyUse)
  | { kind: 'check-started' }
  | { kind: 'check-passed'; durationMs: number }
  | { kind: 'check-failed'; durationMs: number; error: string; badCredentials: boolean }
  /** The check could not be made, for a reason that may not be the proxy's. */
  | { kind: 'check-undecided'; error: string }
  | { kind: 'check-wanted' }
  | { kind: 'disabled' }
  | { kind: 'enabled' };

export interface HealthClock {
  nowSeconds: number;
  /** Between two checks of an active proxy. */
  checkIntervalSeconds: number;
  /** From 0 to 1. */
  random: () => number;
}

const GOOD_CHECKS_NEEDED = 2;
const FAULTS_MAX = 3;
const SUCCESS_RATE_MIN = 0.6;
const SAMPLES_MIN = 10;
const BAD_CREDENTIALS_MAX = 2;
const COOLING_CYCLES_MAX = 6;
const COOLING_BASE_MS = 60_000;
const COOLING_CAP_MS = 3_600_000;
const FAILED_RETEST_SECONDS = 86_400;
/** A check that has not ended by then is forgotten, and the next one may start. */
export const CHECK_DEADLINE_SECONDS = 60;
/** Between the two good checks that a new proxy needs. */
const SECOND_CHECK_SECONDS = 1;
/** After a check of an active proxy failed: soon enough to notice within a minute, late enough for a blip to pass. */
const DOUBT_SECONDS = 15;

const ERROR_LENGTH_MAX = 300;

/** What an event makes of a proxy. */
export function applyProxyEvent(health: ProxyHealth, event: ProxyEvent, clock: HealthClock): ProxyHealth {
  switch (event.kind) {
    case 'used':
      return used(health, event, clock);
    case 'check-started':
      return checkStarted(health, clock);
    case 'check-passed':
      return checkPassed(health, event.durationMs, clock);
    case 'check-failed':
      return checkFailed(health, event, clock);
    case 'check-undecided':
      return isInUse(health) ? { ...health, lastError: shorten(event.error) } : health;
    case 'check-wanted':
      return checkWanted(health, clock);
    case 'disabled':
      return { ...health, status: 'disabled', coolingUntil: null };
    case 'enabled':
      return isInUse(health) ? health : startAfresh(health, clock);
    default:
      return assertNever(event);
  }
}

/** Weight of success of each effect; the other effects say nothing about the proxy. */
const SUCCESS_WEIGHT = { success: 1, 'half-fault': 0.5, fault: 0, 'bad-credentials': 0 } as const;

function used(health: ProxyHealth, use: ProxyUse, clock: HealthClock): ProxyHealth {
  const seen = { ...health, lastUsedAt: clock.nowSeconds };
  if (use.effect === 'ban' || use.effect === 'neutral') return seen;
  const success = SUCCESS_WEIGHT[use.effect];
  const counted = {
    ...seen,
    successCount: health.successCount + (success === 1 ? 1 : 0),
    failureCount: health.failureCount + (success === 1 ? 0 : 1),
    ...(success === 1 ? {} : { lastError: shorten(use.error ?? 'The proxy failed') }),
  };
  const sampled = sample(counted, success, use.durationMs, use.effect === 'bad-credentials', clock);
  return success === 1 ? sampled : judge(sampled, clock);
}

/** The claim of a check: whoever makes it moves the next one first, so nobody else starts one meanwhile. */
function checkStarted(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  if (health.status === 'disabled') return health;
  if (health.status === 'active') return { ...health, nextCheckAt: clock.nowSeconds + clock.checkIntervalSeconds };
  const halfOpen = { ...health, nextCheckAt: clock.nowSeconds + CHECK_DEADLINE_SECONDS };
  if (health.status === 'testing') return halfOpen;
  return { ...halfOpen, status: 'testing', goodChecks: 0, coolingUntil: null };
}

function checkPassed(health: ProxyHealth, durationMs: number, clock: HealthClock): ProxyHealth {
  // It was disabled, or failed its requests, while the check was under way: that weighs more.
  if (!isInUse(health)) return { ...health, lastCheckedAt: clock.nowSeconds };
  const good = { ...sample(health, 1, durationMs, false, clock), lastCheckedAt: clock.nowSeconds, lastError: null };
  const later = { ...good, nextCheckAt: clock.nowSeconds + clock.checkIntervalSeconds };
  if (health.status === 'active') return later;
  const goodChecks = health.goodChecks + 1;
  if (goodChecks < GOOD_CHECKS_NEEDED) {
    return { ...good, goodChecks, nextCheckAt: clock.nowSeconds + SECOND_CHECK_SECONDS };
  }
  // What it did before it had to wait is over; else its first fault would send it back.
  const samples = good.samples.slice(-GOOD_CHECKS_NEEDED);
  return { ...later, status: 'active', goodChecks: 0, coolingCycles: 0, ...figures(later, samples, clock.nowSeconds) };
}

function checkFailed(
  health: ProxyHealth,
  event: ProxyEvent & { kind: 'check-failed' },
  clock: HealthClock,
): ProxyHealth {
  const checked = { ...health, lastCheckedAt: clock.nowSeconds };
  if (!isInUse(health)) return checked;
  const bad = {
    ...sample(checked, 0, event.durationMs, event.badCredentials, clock),
    lastError: shorten(event.error),
    goodChecks: 0,
  };
  if (health.status === 'active') return judge({ ...bad, nextCheckAt: clock.nowSeconds + DOUBT_SECONDS }, clock);
  return badCredentialsInARow(bad.samples) >= BAD_CREDENTIALS_MAX ? fail(bad, clock) : cool(bad, clock);
}

/** A person wants to know now. An active proxy stays in use meanwhile. */
function checkWanted(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  if (health.status === 'disabled') return health;
  if (isInUse(health)) return { ...health, nextCheckAt: clock.nowSeconds };
  return { ...health, status: 'testing', goodChecks: 0, coolingUntil: null, nextCheckAt: clock.nowSeconds };
}

/** After a fault: is it still good enough? */
function judge(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  if (!isInUse(health)) return health;
  if (badCredentialsInARow(health.samples) >= BAD_CREDENTIALS_MAX) return fail(health, clock);
  const { count, successRate } = measureWindow(health.samples, clock.nowSeconds);
  const isUnreliable =
    health.status === 'active' && count >= SAMPLES_MIN && successRate !== null && successRate < SUCCESS_RATE_MIN;
  return isUnreliable || faultsInARow(health.samples) >= FAULTS_MAX ? cool(health, clock) : health;
}

/** Left alone for 60 s × 2^n, full jitter, at most an hour; after six times in vain it has failed. */
function cool(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  if (health.coolingCycles >= COOLING_CYCLES_MAX) return fail(health, clock);
  const coolingCycles = health.coolingCycles + 1;
  const waitMs = jitteredBackoffMs(coolingCycles, COOLING_BASE_MS, COOLING_CAP_MS, clock.random);
  const coolingUntil = clock.nowSeconds + waitMs / 1000;
  return { ...health, status: 'cooling', coolingCycles, goodChecks: 0, coolingUntil, nextCheckAt: coolingUntil };
}

function fail(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  const nextCheckAt = clock.nowSeconds + FAILED_RETEST_SECONDS;
  return { ...health, status: 'failed', goodChecks: 0, coolingUntil: null, nextCheckAt };
}

function startAfresh(health: ProxyHealth, clock: HealthClock): ProxyHealth {
  return {
    ...health,
    status: 'testing',
    samples: [],
    faultStreak: 0,
    goodChecks: 0,
    coolingCycles: 0,
    coolingUntil: null,
    nextCheckAt: clock.nowSeconds,
    lastError: null,
  };
}

function isInUse(health: ProxyHealth): boolean {
  return health.status === 'testing' || health.status === 'active';
}

function sample(
  health: ProxyHealth,
  success: number,
  durationMs: number,
  badCredentials: boolean,
  clock: HealthClock,
): ProxyHealth {
  const head = [Math.round(clock.nowSeconds), success, Math.round(durationMs)] as const;
  const samples = addSample(health.samples, badCredentials ? [...head, 1] : [...head]);
  return { ...health, ...figures(health, samples, clock.nowSeconds) };
}

/** The figures that people see; those of before stay where the window has nothing to say. */
function figures(health: ProxyHealth, samples: ProxySample[], nowSeconds: number) {
  const { successRate, avgResponseTimeMs } = measureWindow(samples, nowSeconds);
  return {
    samples,
    faultStreak: Math.floor(faultsInARow(samples)),
    successRate: successRate ?? health.successRate,
    avgResponseTimeMs: avgResponseTimeMs ?? health.avgResponseTimeMs,
  };
}

function shorten(text: string): string {
  return text.slice(0, ERROR_LENGTH_MAX);
}
