import { describe, expect, it } from 'vitest';
import { paceAfter, paceAfterTimeout } from './prune-pace.ts';

describe('paceAfter', () => {
  it.each([
    { rows: 100, tookMs: 4, next: { rows: 200, pauseMs: 5 } },
    { rows: 800, tookMs: 49, next: { rows: 1_000, pauseMs: 49 } },
    { rows: 400, tookMs: 120, next: { rows: 400, pauseMs: 120 } },
    { rows: 401, tookMs: 201, next: { rows: 200, pauseMs: 201 } },
    { rows: 1, tookMs: 9_000, next: { rows: 1, pauseMs: 1_000 } },
  ])('after $rows rows in $tookMs ms takes $next.rows and rests $next.pauseMs ms', ({ rows, tookMs, next }) => {
    expect(paceAfter({ rows, tookMs })).toEqual(next);
  });

  it.each([
    { what: 'half as many took as long', rows: 50, tookMs: 950, before: { rows: 100, tookMs: 1_000 }, next: 100 },
    { what: 'twice as many took no longer', rows: 200, tookMs: 1_050, before: { rows: 100, tookMs: 1_000 }, next: 400 },
    { what: 'half as many took half as long', rows: 50, tookMs: 520, before: { rows: 100, tookMs: 1_000 }, next: 25 },
    { what: 'twice as many took longer', rows: 200, tookMs: 1_600, before: { rows: 100, tookMs: 900 }, next: 100 },
    { what: 'as many took as long', rows: 1_000, tookMs: 900, before: { rows: 1_000, tookMs: 900 }, next: 500 },
  ])('takes $next rows where $what', ({ rows, tookMs, before, next }) => {
    expect(paceAfter({ rows, tookMs }, before).rows).toBe(next);
  });
});

describe('paceAfterTimeout', () => {
  it('takes much less at once, and gives up where one row is too much', () => {
    expect(paceAfterTimeout(1_000)).toEqual({ rows: 125, pauseMs: 1_000 });
    expect(paceAfterTimeout(5)).toEqual({ rows: 1, pauseMs: 1_000 });
    expect(paceAfterTimeout(1)).toBeNull();
  });
});
