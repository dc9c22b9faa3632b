import { describe, expect, it } from 'vitest';
import { compareHistory, type HistoryLine } from './history.ts';

const line = (claim: number, step: HistoryLine['step'], page: number): HistoryLine => ({
  session: 1,
  claim,
  step,
  page,
});
const stored = { id: 1, claimNumber: 4, page: 2, leadPages: [1, 1, 2, 2] };

describe('the history of a run', () => {
  it('agrees with tables that hold every acknowledged page once', () => {
    const history = [line(1, 'started', 0), line(1, 'saved', 1), line(3, 'started', 1), line(3, 'saved', 2)];
    expect(compareHistory(history, [stored])).toEqual([]);
  });

  it('agrees when a page was saved and its acknowledgement never written down', () => {
    expect(compareHistory([line(1, 'started', 0), line(3, 'started', 2)], [stored])).toEqual([]);
  });

  it.each([
    ['a page that is lost', [line(1, 'saved', 3)], 'page 3 was acknowledged, its cursor says 2'],
    [
      'a claim that began before what an earlier one had saved',
      [line(1, 'saved', 2), line(3, 'started', 1)],
      'claim 3 began at page 1',
    ],
    ['a claim that the table does not know', [line(5, 'started', 2)], 'ran under claim 5'],
  ])('tells of %s', (_what, history, sentence) => {
    expect(compareHistory(history, [stored]).join()).toContain(sentence);
  });

  it('tells of leads that are missing or doubled, and of a session that is gone', () => {
    const history = [line(1, 'saved', 1)];
    expect(compareHistory(history, [{ ...stored, leadPages: [1] }]).join()).toContain('has 1 leads');
    expect(compareHistory(history, [{ ...stored, leadPages: [1, 1, 1] }]).join()).toContain('has 3 leads');
    const kept = [line(1, 'started', 0), line(1, 'kept', 2)];
    expect(compareHistory(kept, [{ ...stored, leadPages: [1, 1] }]).join()).toContain(
      'page 2 was saved and has 0 leads',
    );
    expect(compareHistory(history, []).join()).toContain('is in no table');
  });
});
