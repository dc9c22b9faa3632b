import type { SlotRequest, SlotResult } from './host-pacer.ts';

/**
 * The pace of one host as a value, and the rules by which it changes. The functions of drizzle/0005_host_pace.sql obey the same
 * rules for all processes; a test runs both side by side. Times are ms on one clock that never steps.
 */
export interface HostPace {
  nextAt: number;
  backoffUntil: number;
  backoffDecaysAt: number;
  limitedSince: number | null;
  pausedUntil: number;
  pauseReason: string;
  floorMs: number;
  robotsMs: number;
  adaptiveMs: number;
  /** The gap in force: the largest of the three. */
  gapMs: number;
  maxInflight: number;
  strikes: number;
  errorStreak: number;
  pauseCount: number;
}

const LONG_AGO = Number.NEGATIVE_INFINITY;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const ADAPTIVE_MIN_MS = 250;
const ADAPTIVE_MAX_MS = MINUTE_MS;
const BACKOFF_BASE_MS = 5_000;
const BACKOFF_MAX_MS = HOUR_MS;
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;
const DECAY_MIN_MS = MINUTE_MS;
const STRIKES_MAX = 12;

/** Server errors in a row that pause a host, and for how long. */
const ERRORS_TO_PAUSE = 5;
const ERROR_PAUSE_MS = { base: 10 * MINUTE_MS, max: HOUR_MS };

/** A host that serves nothing for this long, but throttles or refuses, is paused. */
const LIMITED_MAX_MS = 15 * MINUTE_MS;
const LIMITED_PAUSE_MS = { base: 30 * MINUTE_MS, max: 24 * HOUR_MS };

export function createHostPace(): HostPace {
  return {
    nextAt: LONG_AGO,
    backoffUntil: LONG_AGO,
    backoffDecaysAt: LONG_AGO,
    limitedSince: null,
    pausedUntil: LONG_AGO,
    pauseReason: '',
    floorMs: 2_000,
    robotsMs: 0,
    adaptiveMs: 0,
    gapMs: 2_000,
    maxInflight: 1,
    strikes: 0,
    errorStreak: 0,
    pauseCount: 0,
  };
}

/** What a request asks for. */
export type PaceRequest = Pick<SlotRequest, 'floorMs' | 'robotsMs' | 'maxInflight'>;

/** How many requests may be under way once this one is: the limit of those that are holds, and its own does too. */
export function inflightLimit(pace: HostPace, request: PaceRequest, inFlight: number): number {
  return inFlight === 0 ? request.maxInflight : Math.min(pace.maxInflight, request.maxInflight);
}

/** When the request may go out, now or later. `nextAt` was set with the gap of the request before. */
export function startAtOf(pace: HostPace, request: PaceRequest, now: number): number {
  return Math.max(now, pace.nextAt + Math.max(ownGapMs(pace, request) - pace.gapMs, 0), pace.backoffUntil);
}

/** The request has its slot and goes out at `startAt`. */
export function granted(pace: HostPace, request: PaceRequest, startAt: number, inFlight: number): HostPace {
  const gapMs = ownGapMs(pace, request);
  const { floorMs, robotsMs } = request;
  return {
    ...pace,
    floorMs,
    robotsMs,
    gapMs,
    maxInflight: inflightLimit(pace, request, inFlight),
    nextAt: startAt + gapMs,
  };
}

/** The slot came back; the answer, or the failure, was at `answeredAt`. */
export function released(pace: HostPace, result: SlotResult, answeredAt: number, now: number): HostPace {
  const next = learnt(pace, result, now);
  const gapMs = Math.max(next.floorMs, next.robotsMs, next.adaptiveMs);
  return { ...next, gapMs, nextAt: Math.max(next.nextAt, answeredAt + gapMs) };
}

function learnt(pace: HostPace, result: SlotResult, now: number): HostPace {
  switch (result.kind) {
    case 'served':
      return served(pace, now);
    case 'error':
      return failed(pace, result.error, now);
    case 'throttled':
    case 'refused':
      return limited(pace, result.error, now);
    case 'neutral':
      return pace;
  }
}

function served(pace: HostPace, now: number): HostPace {
  const halfMs = Math.floor(pace.adaptiveMs / 2);
  return {
    ...pace,
    adaptiveMs: halfMs <= Math.max(pace.floorMs, pace.robotsMs) ? 0 : halfMs,
    strikes: pace.backoffUntil <= now ? Math.max(0, pace.strikes - 1) : pace.strikes,
    limitedSince: null,
    errorStreak: 0,
    pauseCount: 0,
  };
}

function failed(pace: HostPace, error: string, now: number): HostPace {
  const next = { ...pace, adaptiveMs: raisedAdaptiveMs(pace), errorStreak: pace.errorStreak + 1 };
  if (next.errorStreak < ERRORS_TO_PAUSE) return next;
  return pausedAgain(next, ERROR_PAUSE_MS, `${next.errorStreak} errors in a row; the last one: ${error}`, now);
}

function limited(pace: HostPace, error: string, now: number): HostPace {
  const limitedSince = pace.limitedSince ?? now;
  const next = { ...pace, limitedSince };
  if (now - limitedSince < LIMITED_MAX_MS) return next;
  const minutes = Math.floor((now - limitedSince) / MINUTE_MS);
  const reason = `No request was served for ${minutes} minutes; the last answer: ${error}`;
  return pausedAgain(next, LIMITED_PAUSE_MS, reason, now);
}

/** What was under way together pauses a host once; each pause without an answer served in between is twice as long. */
function pausedAgain(pace: HostPace, ms: { base: number; max: number }, pauseReason: string, now: number): HostPace {
  if (pace.pausedUntil > now) return pace;
  const pauseMs = Math.min(ms.base * 2 ** Math.min(pace.pauseCount, 10), ms.max);
  return { ...pace, pausedUntil: now + pauseMs, pauseReason, pauseCount: pace.pauseCount + 1 };
}

/**
 * The host asked for less. Refusals of requests that were under way together count once: while a back-off runs, it is only ever
 * extended by a longer Retry-After. One beyond an hour pauses the host.
 * @returns also the ms for which the host is left alone.
 */
export function backedOff(
  pace: HostPace,
  retryAfterMs: number | null,
  now: number,
): { pace: HostPace; delayMs: number } {
  const askedMs = Math.min(Math.max(retryAfterMs ?? 0, 0), RETRY_AFTER_MAX_MS);
  const next = askedMs > BACKOFF_MAX_MS ? paused(pace, askedMs, retryAfterReason(askedMs), now) : pace;
  return pace.backoffUntil > now ? extendedBackoff(next, askedMs, now) : newBackoff(next, askedMs, now);
}

function extendedBackoff(pace: HostPace, askedMs: number, now: number): { pace: HostPace; delayMs: number } {
  const backoffUntil = Math.max(pace.backoffUntil, now + Math.min(askedMs, BACKOFF_MAX_MS));
  const backoffDecaysAt = Math.max(pace.backoffDecaysAt, backoffUntil + DECAY_MIN_MS);
  return { pace: { ...pace, backoffUntil, backoffDecaysAt }, delayMs: Math.max(backoffUntil - now, askedMs) };
}

function newBackoff(pace: HostPace, askedMs: number, now: number): { pace: HostPace; delayMs: number } {
  const strikes = pace.backoffDecaysAt > now ? Math.min(pace.strikes + 1, STRIKES_MAX) : 1;
  const ownMs = strikes === 1 && askedMs > 0 ? 0 : BACKOFF_BASE_MS * 2 ** (strikes - 1);
  const delayMs = Math.min(Math.max(askedMs, ownMs), BACKOFF_MAX_MS);
  const adaptiveMs = raisedAdaptiveMs(pace);
  const next = {
    ...pace,
    strikes,
    backoffUntil: now + delayMs,
    backoffDecaysAt: now + delayMs + Math.max(delayMs, DECAY_MIN_MS),
    limitedSince: pace.limitedSince ?? now,
    adaptiveMs,
    gapMs: Math.max(pace.floorMs, pace.robotsMs, adaptiveMs),
  };
  return { pace: next, delayMs: Math.max(delayMs, askedMs) };
}

const retryAfterReason = (askedMs: number) =>
  `It asked to be left alone for ${Math.round(askedMs / MINUTE_MS)} minutes (Retry-After)`;

/** The longer of two pauses holds, with its reason. */
export function paused(pace: HostPace, pauseMs: number, pauseReason: string, now: number): HostPace {
  const pausedUntil = now + pauseMs;
  return pausedUntil > pace.pausedUntil ? { ...pace, pausedUntil, pauseReason } : pace;
}

function ownGapMs(pace: HostPace, request: PaceRequest): number {
  return Math.max(request.floorMs, request.robotsMs, pace.adaptiveMs);
}

/** What an error makes of the adaptive delay: twice the gap in force, at least a quarter of a second, at most a minute. */
function raisedAdaptiveMs({ adaptiveMs, gapMs }: HostPace): number {
  return Math.max(adaptiveMs, Math.min(Math.max(2 * gapMs, ADAPTIVE_MIN_MS), ADAPTIVE_MAX_MS));
}
