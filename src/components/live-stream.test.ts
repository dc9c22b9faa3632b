import { describe, expect, it } from 'vitest';
import { parseChange } from './live-stream.ts';

describe('parseChange', () => {
  it('takes a change and nothing else', () => {
    expect(parseChange('{"topics":["leads"],"sessionIds":[1]}')).toEqual({ topics: ['leads'], sessionIds: [1] });
    for (const other of ['', 'null', '{"database":"ok"}', '{"topics":"leads"}', '[1]', '{']) {
      expect(parseChange(other)).toBeNull();
    }
  });
});
