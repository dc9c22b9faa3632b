import { describe, expect, it } from 'vitest';
import { divideClaimed } from './divide-claimed.ts';

const session = (id: number, crashCount = 0) => ({ id, crashCount });

describe('divideClaimed', () => {
  it('starts everything while nothing must run alone, in its order', () => {
    const claimed = [session(1), session(2, 1), session(3)];
    expect(divideClaimed(claimed, 4)).toEqual({ start: claimed, handBack: [] });
    expect(divideClaimed([], 4)).toEqual({ start: [], handBack: [] });
  });

  it('hands back what its slots cannot take', () => {
    expect(divideClaimed([session(1), session(2), session(3)], 2)).toEqual({
      start: [session(1), session(2)],
      handBack: [session(3)],
    });
  });

  it('starts a session that died twice alone, wherever it stands, and hands the others back', () => {
    const claimed = [session(1), session(2, 2), session(3, 1)];
    expect(divideClaimed(claimed, 4)).toEqual({ start: [session(2, 2)], handBack: [session(1), session(3, 1)] });
  });

  it('starts the first of several that must run alone', () => {
    const claimed = [session(1, 2), session(2, 2), session(3)];
    expect(divideClaimed(claimed, 4)).toEqual({ start: [session(1, 2)], handBack: [session(2, 2), session(3)] });
  });

  it('never leaves a worker without work', () => {
    expect(divideClaimed([session(1, 2)], 1)).toEqual({ start: [session(1, 2)], handBack: [] });
  });
});
