import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimCursor } from './claim-cursor.ts';

const key = (id: number, priority = 0, source = 'permits') => ({ source, priority, id });

describe('ClaimCursor', () => {
  it('starts at the front and moves behind what was handed out, per source', () => {
    const cursor = new ClaimCursor();
    expect(cursor.begin(0)).toBe(true);
    cursor.advance([key(7, 5), key(3), key(2, 0, 'other')]);
    expect(cursor.position('permits')).toEqual({ rank: 0, id: 3 });
    expect(cursor.position('other').id).toBe(2);
    expect(cursor.position('unseen').id).toBe(0);
  });

  it('rewinds every second whether or not anybody wishes it', () => {
    const cursor = new ClaimCursor();
    cursor.begin(0);
    cursor.advance([key(9)]);
    expect(cursor.begin(999)).toBe(false);
    expect(cursor.begin(1_000)).toBe(true);
    expect(cursor.position('permits').id).toBe(0);
  });

  it('grants a wish after fifty times what the last rewind cost', () => {
    const cursor = new ClaimCursor();
    cursor.begin(0);
    cursor.noteRewindCost(4);
    cursor.wishRewind();
    expect(cursor.begin(199)).toBe(false);
    expect(cursor.begin(200)).toBe(true);
    expect(cursor.begin(500)).toBe(false);
  });

  it('never moves backwards between rewinds', () => {
    const keys = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: -3, max: 3 })));
    fc.assert(
      fc.property(keys, (claimed) => {
        const cursor = new ClaimCursor();
        cursor.begin(0);
        for (const [id, priority] of claimed) {
          const before = cursor.position('permits');
          cursor.advance([key(id, priority)]);
          const after = cursor.position('permits');
          expect(after.rank > before.rank || (after.rank === before.rank && after.id >= before.id)).toBe(true);
        }
      }),
    );
  });
});
