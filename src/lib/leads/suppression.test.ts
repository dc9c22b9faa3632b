import { describe, expect, it } from 'vitest';
import type { SuppressionKind } from '../db/schema/vocabulary.ts';
import { suppressionEntriesOf, suppressionHash } from './suppression.ts';

const key = Buffer.alloc(32, 7);
const hash = (kind: SuppressionKind, value: string) => suppressionHash(key, kind, value).toString('hex');

describe('suppressionHash', () => {
  it.each<[SuppressionKind, string, string]>([
    ['email', ' Pat@Example.COM ', 'pat@example.com'],
    ['domain', '@Example.org', 'example.org'],
    ['phone', '(404) 555-0123', '+14045550123'],
    ['address', '12 N. Oak Street, Atlanta, GA 30303-1234', '12 North Oak St Atlanta GA 30303'],
  ])('knows the same %s in two spellings', (kind, one, other) => {
    expect(hash(kind, one)).toBe(hash(kind, other));
  });

  it('depends on the kind and on the key', () => {
    expect(hash('email', 'example.com')).not.toBe(hash('domain', 'example.com'));
    expect(suppressionHash(Buffer.alloc(32, 8), 'email', 'a@example.com').toString('hex')).not.toBe(
      hash('email', 'a@example.com'),
    );
  });
});

describe('suppressionEntriesOf', () => {
  const nobody = { email: null, phone: null, address: null, city: null, state: null, zip: null };

  it('has nothing for a lead without contact and address', () => {
    expect(suppressionEntriesOf(nobody, key)).toEqual([]);
  });

  it('never suppresses by a street alone where the town is known', () => {
    const entries = suppressionEntriesOf({ ...nobody, address: '12 Oak St', city: 'Atlanta', state: 'GA' }, key);
    const hashes = entries.map((entry) => entry.hash.toString('hex'));
    expect(hashes).toEqual([hash('address', '12 Oak Street, Atlanta GA')]);
    expect(hashes).not.toContain(hash('address', '12 Oak St'));
  });
});
