import { describe, expect, it } from 'vitest';
import { nextStep, WALK_START, type WalkFacts } from './page-walk.ts';

const FACTS: WalkFacts = {
  position: WALK_START,
  received: 50,
  fresh: 50,
  more: null,
  total: null,
  lastKey: 50,
  keysRepeat: false,
};
const keyset = { ...WALK_START, mode: 'keyset' as const };

describe('what follows a page', () => {
  it.each<[string, Partial<WalkFacts>, object]>([
    ['goes on by what was received', {}, { kind: 'next', position: { offset: 50, rows: 50 } }],
    ['goes on although the server says that there is no more', { more: false }, { kind: 'next' }],
    ['ends at an empty page', { received: 0, fresh: 0 }, { kind: 'done' }],
    ['ends when the total is reached', { total: 50 }, { kind: 'done' }],
    ['goes on past the total when the server says more', { total: 50, more: true }, { kind: 'next' }],
    ['is stuck at an empty page below the total', { received: 0, fresh: 0, total: 9 }, { kind: 'stuck' }],
    ['is stuck when the same rows come again', { fresh: 0 }, { kind: 'stuck' }],
    ['goes on after the last key', { position: keyset }, { kind: 'next', position: { after: 50, offset: 0 } }],
    ['is stuck without keys in keyset mode', { position: keyset, lastKey: null }, { kind: 'stuck' }],
    ['ends at repeated rows where keys repeat', { position: keyset, fresh: 0, keysRepeat: true }, { kind: 'done' }],
  ])('%s', (_, facts, expected) => {
    expect(nextStep({ ...FACTS, ...facts })).toMatchObject(expected);
  });
});
