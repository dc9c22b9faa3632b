import { describe, expect, it } from 'vitest';
import { backedOff, createHostPace, granted, type HostPace, paused, released, startAtOf } from './host-pace.ts';
import type { SlotResult } from './host-pacer.ts';

const request = { floorMs: 2_000, robotsMs: 0, maxInflight: 1 };
const MINUTE_MS = 60_000;

const error = (text = 'status 500'): SlotResult => ({ kind: 'error', error: text });
const refused: SlotResult = { kind: 'refused', error: 'status 403' };

/** One request at `now`, answered at once. */
function ask(pace: HostPace, result: SlotResult, now: number, wanted = request): HostPace {
  return released(granted(pace, wanted, now, 0), result, now, now);
}

describe('the pace of a host', () => {
  it('has the largest of floor, Crawl-delay and adaptive delay as its gap', () => {
    const pace = ask(createHostPace(), { kind: 'served' }, 0, { ...request, robotsMs: 7_000 });
    expect(pace.gapMs).toBe(7_000);
    expect(startAtOf(pace, { ...request, robotsMs: 7_000 }, 0)).toBe(7_000);
    expect(startAtOf(pace, { ...request, floorMs: 9_000 }, 0)).toBe(9_000);
    expect(startAtOf(pace, { ...request, floorMs: 1 }, 0)).toBe(7_000);
  });

  it('doubles with errors only, from a quarter of a second at least to a minute at most', () => {
    let pace = createHostPace();
    const gaps = [1, 2, 3, 4, 5, 6].map(() => {
      pace = ask(pace, error(), 0);
      return pace.gapMs;
    });
    expect(gaps).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(ask(createHostPace(), error(), 0, { ...request, floorMs: 100 }).gapMs).toBe(250);
    expect(ask(createHostPace(), refused, 0).gapMs).toBe(2_000);
    expect(ask(createHostPace(), { kind: 'neutral' }, 0).gapMs).toBe(2_000);
  });

  it('is never smaller than promised, however large the adaptive delay may be', () => {
    const slow = { ...request, floorMs: 90_000 };
    expect(ask(createHostPace(), error(), 0, slow).gapMs).toBe(90_000);
  });

  it('halves the adaptive delay with each answer, down to none', () => {
    let pace = { ...createHostPace(), adaptiveMs: 16_000 };
    const gaps = [1, 2, 3].map(() => {
      pace = ask(pace, { kind: 'served' }, 0);
      return pace.gapMs;
    });
    expect(gaps).toEqual([8_000, 4_000, 2_000]);
    expect(pace.adaptiveMs).toBe(0);
  });

  it('rests after five errors in a row, twice as long after each pause, an hour at most', () => {
    let pace = createHostPace();
    for (let turn = 0; turn < 4; turn += 1) pace = ask(pace, error(), 0);
    expect(pace.pausedUntil).toBe(Number.NEGATIVE_INFINITY);
    let now = 0;
    const pauses = [1, 2, 3, 4].map(() => {
      pace = ask(pace, error('reset'), now);
      const pauseMs = pace.pausedUntil - now;
      now = pace.pausedUntil;
      return pauseMs / MINUTE_MS;
    });
    expect(pauses).toEqual([10, 20, 40, 60]);
    expect(pace.pauseReason).toBe('8 errors in a row; the last one: reset');
    const well = ask(pace, { kind: 'served' }, now);
    expect(well).toMatchObject({ errorStreak: 0, pauseCount: 0 });
  });

  it('pauses once for errors of requests that were under way together', () => {
    let pace = createHostPace();
    for (let turn = 0; turn < 7; turn += 1) pace = ask(pace, error(), 0);
    expect(pace).toMatchObject({ pausedUntil: 10 * MINUTE_MS, pauseCount: 1 });
  });

  it('rests when it has served nothing for 15 minutes, twice as long each time, a day at most', () => {
    let pace = ask(createHostPace(), refused, 0);
    pace = ask(pace, refused, 15 * MINUTE_MS - 1);
    expect(pace.pausedUntil).toBe(Number.NEGATIVE_INFINITY);
    let now = 15 * MINUTE_MS;
    const pauses = [1, 2, 3, 4, 5, 6, 7].map(() => {
      pace = ask(pace, refused, now);
      const pauseMs = pace.pausedUntil - now;
      now = pace.pausedUntil;
      return pauseMs / MINUTE_MS;
    });
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1440]);
    expect(pace.pauseReason).toMatch(/^No request was served for \d+ minutes; the last answer: status 403$/);
  });

  it('does not rest where one answer was served in between', () => {
    let pace = ask(createHostPace(), refused, 0);
    pace = ask(pace, { kind: 'served' }, 10 * MINUTE_MS);
    pace = ask(pace, refused, 16 * MINUTE_MS);
    expect(pace.pausedUntil).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('the back-off of a host', () => {
  it('does as Retry-After says, and doubles its own delay where there is none', () => {
    const first = backedOff(createHostPace(), 1_500, 0);
    expect(first.delayMs).toBe(1_500);
    const second = backedOff(first.pace, null, 1_500);
    expect(second.delayMs).toBe(10_000);
    expect(backedOff(second.pace, 90_000, 11_500).delayMs).toBe(90_000);
    expect(backedOff(createHostPace(), 0, 0).delayMs).toBe(5_000);
    expect(backedOff(createHostPace(), -1, 0).delayMs).toBe(5_000);
  });

  it('counts refusals that come together once', () => {
    const first = backedOff(createHostPace(), null, 0);
    const second = backedOff(first.pace, null, 10);
    expect(second).toMatchObject({ delayMs: 4_990, pace: { strikes: 1, adaptiveMs: 4_000 } });
    expect(backedOff(second.pace, 60_000, 20).delayMs).toBe(60_000);
  });

  it('pauses a host, for people to see, that asks for more than an hour, for a day at most', () => {
    const { pace, delayMs } = backedOff(createHostPace(), 2 * 60 * MINUTE_MS, 0);
    expect(delayMs).toBe(120 * MINUTE_MS);
    expect(pace).toMatchObject({ backoffUntil: 60 * MINUTE_MS, pausedUntil: 120 * MINUTE_MS });
    expect(pace.pauseReason).toBe('It asked to be left alone for 120 minutes (Retry-After)');
    expect(backedOff(createHostPace(), 1e12, 0).delayMs).toBe(24 * 60 * MINUTE_MS);
  });

  it('keeps the longer of two pauses, with its reason', () => {
    const pace = paused(paused(createHostPace(), 10, 'long', 0), 5, 'short', 0);
    expect(pace).toMatchObject({ pausedUntil: 10, pauseReason: 'long' });
  });
});
