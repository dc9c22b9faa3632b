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
    expect(paceAfter(rows, tookMs)).toEqual(next);
  });
});

describe('paceAfterTimeout', () => {
  it('takes much less at once, and gives up where one row is too much', () => {
    expect(paceAfterTimeout(1_000)).toEqual({ rows: 125, pauseMs: 1_000 });
    expect(paceAfterTimeout(5)).toEqual({ rows: 1, pauseMs: 1_000 });
    expect(paceAfterTimeout(1)).toBeNull();
  });
});
