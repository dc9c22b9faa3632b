import { describe, expect, it } from 'vitest';
import { followRedirect, type Hop } from './redirect-policy.ts';

describe('followRedirect', () => {
  const from: Hop = {
    url: new URL('https://a.example/x/y?z'),
    method: 'GET',
    headers: { authorization: 'secret', cookie: 'c=1', accept: '*/*' },
    body: null,
  };
  const post: Hop = {
    ...from,
    method: 'POST',
    body: 'a=1',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
  const follow = (hop: Hop, status: number, location: string | undefined, hops = 0) =>
    followRedirect(hop, status, location, hops);

  it('resolves relative places and keeps headers within the origin', () => {
    expect(follow(from, 302, '../w')).toMatchObject({
      kind: 'follow',
      hop: { url: new URL('https://a.example/w'), headers: { authorization: 'secret', cookie: 'c=1' } },
    });
  });

  it.each(['https://b.example/', 'http://a.example/', 'https://a.example:8443/'])(
    'drops credentials on the way to %s',
    (place) => {
      expect(follow(from, 302, place)).toMatchObject({ hop: { headers: { accept: '*/*' } } });
      expect(JSON.stringify(follow(from, 302, place))).not.toContain('secret');
    },
  );

  it('turns a form into GET unless the status keeps it, and never sends it to another origin', () => {
    expect(follow(post, 303, '/done')).toMatchObject({ hop: { method: 'GET', body: null, headers: {} } });
    expect(follow(post, 307, '/done')).toMatchObject({ hop: { method: 'POST', body: 'a=1' } });
    expect(follow(post, 307, 'https://b.example/')).toMatchObject({ kind: 'refuse' });
  });

  it.each([['file:///etc/passwd'], ['gopher://a.example/'], ['javascript:alert(1)'], ['http://['], [undefined]])(
    'refuses %j',
    (place) => {
      expect(follow(from, 302, place).kind).toBe('refuse');
    },
  );

  it('follows five and no more', () => {
    expect(follow(from, 302, '/a', 4).kind).toBe('follow');
    expect(follow(from, 302, '/a', 5).kind).toBe('refuse');
  });
});
