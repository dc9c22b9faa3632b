import { describe, expect, it } from 'vitest';
import { PROXY_WORDS } from '#components/state-words.ts';
import { PROXY_STATUSES } from '#lib/db/schema/vocabulary.ts';
import { countAll, countsInWords } from './state-counts.ts';

const COUNTS = { testing: 0, active: 1_200, cooling: 2, failed: 0, disabled: 1 };

describe('countsInWords', () => {
  it('names the states that anything is in', () => {
    expect(countsInWords(COUNTS, PROXY_STATUSES, PROXY_WORDS)).toBe('1,200 active, 2 cooling down, 1 disabled');
  });
});

describe('countAll', () => {
  it('adds up', () => {
    expect(countAll(COUNTS)).toBe(1_203);
  });
});
