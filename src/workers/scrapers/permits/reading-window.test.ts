import { describe, expect, it } from 'vitest';
import { laterDate, nextWatermark, windowStart } from './reading-window.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
const at = (text: string): Date => new Date(`${text}T00:00:00Z`);

describe('the window of a run', () => {
  it('starts as asked, else at the watermark, else 90 days back', () => {
    expect(windowStart(at('2026-01-01'), at('2026-06-01'), NOW)).toEqual(at('2026-01-01'));
    expect(windowStart(undefined, new Date('2026-06-01T18:00:00Z'), NOW)).toEqual(at('2026-06-01'));
    expect(windowStart(undefined, null, NOW)).toEqual(at('2026-03-17'));
  });
});

describe('the watermark', () => {
  it.each([
    ['moves to the latest date', at('2026-06-01'), at('2026-06-10'), at('2026-06-01'), at('2026-06-10')],
    ['moves on a first run over the whole window', at('2026-03-17'), at('2026-06-10'), null, at('2026-06-10')],
    ['stays when a first run read less', at('2026-06-01'), at('2026-06-10'), null, null],
    ['stays when the run left a gap', at('2026-06-05'), at('2026-06-10'), at('2026-06-01'), null],
    ['stays without rows', at('2026-06-01'), null, at('2026-06-01'), null],
    ['never moves back', at('2026-01-01'), at('2026-02-01'), at('2026-06-01'), null],
    ['never passes tomorrow', at('2026-06-01'), at('2027-01-01'), at('2026-06-01'), new Date('2026-06-16T12:00:00Z')],
  ])('%s', (_, from, latest, old, expected) => {
    expect(nextWatermark(from, latest, old, NOW)).toEqual(expected);
  });

  it('is not carried away by a mistyped year', () => {
    expect(laterDate(at('2026-06-01'), at('2062-06-01'), NOW)).toEqual(at('2026-06-01'));
    expect(laterDate(null, at('2026-06-01'), NOW)).toEqual(at('2026-06-01'));
  });
});
