import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKey, parseSecretKey } from './secret-key.ts';

describe('parseSecretKey', () => {
  const key = randomBytes(32);

  it.each([
    key.toString('hex'),
    key.toString('hex').toUpperCase(),
    key.toString('base64'),
    key.toString('base64url'),
    ` ${key.toString('base64')}\n`,
  ])('reads %j', (text) => {
    expect(parseSecretKey(text)).toEqual(key);
  });

  it.each(['', 'secret', key.toString('hex').slice(2), `${key.toString('hex')}00`, randomBytes(31).toString('base64')])(
    'refuses %j',
    (text) => {
      expect(parseSecretKey(text)).toBeNull();
    },
  );
});

describe('deriveKey', () => {
  it('gives each purpose a key of its own, and always the same one', () => {
    const key = randomBytes(32);
    expect(deriveKey(key, 'proxy-passwords')).toEqual(deriveKey(key, 'proxy-passwords'));
    expect(deriveKey(key, 'proxy-passwords')).not.toEqual(deriveKey(key, 'echo-signature'));
    expect(deriveKey(key, 'proxy-passwords')).not.toEqual(key);
    expect(deriveKey(randomBytes(32), 'proxy-passwords')).not.toEqual(deriveKey(key, 'proxy-passwords'));
  });
});
