import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { localEchoUrl, readEcho, signEcho } from './echo-answer.ts';

const key = randomBytes(32);
const sight = { nonce: 'a'.repeat(32), address: '93.184.216.34', headers: { via: '1.1 proxy', forwarded: 'for=x' } };
const answer = { ...sight, signature: signEcho(sight, key) };
const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('readEcho', () => {
  it('knows our own answer, in whatever order its headers come', () => {
    expect(readEcho(bodyOf(answer), sight.nonce, key)).toEqual({ kind: 'ours', answer });
    const reordered = { ...answer, headers: { forwarded: 'for=x', via: '1.1 proxy' } };
    expect(readEcho(bodyOf(reordered), sight.nonce, key).kind).toBe('ours');
  });

  it.each([
    ['another key', answer, randomBytes(32)],
    ['another address', { ...answer, address: '93.184.216.35' }, key],
    ['a header less', { ...answer, headers: { via: '1.1 proxy' } }, key],
    ['a changed header', { ...answer, headers: { ...answer.headers, via: '1.1 other' } }, key],
    ['no signature', { ...answer, signature: '' }, key],
  ])('takes %s for unsigned', (_name, changed, otherKey) => {
    expect(readEcho(bodyOf(changed), sight.nonce, otherKey).kind).toBe('unsigned');
  });

  it.each([
    ['a page', Buffer.from('<html>Please sign in</html>')],
    ['nothing', Buffer.alloc(0)],
    ['other JSON', bodyOf({ ok: true })],
    ['an answer of before', bodyOf({ ...answer, nonce: 'b'.repeat(32) })],
  ])('takes %s for somebody else’s', (_name, body) => {
    expect(readEcho(body, sight.nonce, key).kind).toBe('foreign');
  });
});

describe('localEchoUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000/api/echo'],
    ['0.0.0.0', 'http://localhost:3000/api/echo'],
    ['::1', 'http://[::1]:3000/api/echo'],
  ])('for %s is %s', (host, url) => {
    expect(localEchoUrl(host, 3000)).toBe(url);
  });
});
