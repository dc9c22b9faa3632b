import { describe, expect, it } from 'vitest';
import { createIdempotencyKeys } from './idempotency-key.ts';

function keysInOrder() {
  let made = 0;
  return createIdempotencyKeys(() => {
    made += 1;
    return `key ${made}`;
  });
}

describe('createIdempotencyKeys', () => {
  it('keeps the key of a request whose answer has not come', () => {
    const keys = keysInOrder();
    expect([keys.keyFor({ location: 'Georgia' }), keys.keyFor({ location: 'Georgia' })]).toEqual(['key 1', 'key 1']);
  });

  it('takes another for another request, and for the same one after its answer', () => {
    const keys = keysInOrder();
    keys.keyFor({ location: 'Georgia' });
    expect(keys.keyFor({ location: 'Macon' })).toBe('key 2');
    keys.settle();
    expect(keys.keyFor({ location: 'Macon' })).toBe('key 3');
  });
});
