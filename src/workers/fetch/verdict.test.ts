import { describe, expect, it } from 'vitest';
import { BlockedError, FetchTimeoutError, HostUnknownError, NetworkError, PageGoneError } from '#lib/errors.ts';
import type { FetchFailure, HttpOutcome } from './http-outcome.ts';
import { followRedirect, type Hop } from './redirect-policy.ts';
import { parseRetryAfter } from './retry-after.ts';
import { retryDelayMs, waitsInPlace } from './retry-policy.ts';
import { errorOf, judgeBody, judgeOutcome } from './verdict.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const answer = (status: number, headers: Record<string, string> = {}): HttpOutcome => ({
  kind: 'response',
  status,
  headers,
  body: Buffer.alloc(0),
  wireBytes: 0,
  durationMs: 1,
});
const failed = (failure: FetchFailure): HttpOutcome => ({
  kind: 'failed',
  failure,
  message: failure,
  wireBytes: 0,
  durationMs: 1,
});

describe('judgeOutcome', () => {
  it.each([
    [200, 'done'],
    [201, 'done'],
    [204, 'done'],
    [202, 'retry'],
    [206, 'retry'],
    [301, 'redirect'],
    [308, 'redirect'],
    [304, 'final'],
    [400, 'final'],
    [401, 'final'],
    [403, 'final'],
    [404, 'final'],
    [405, 'final'],
    [407, 'final'],
    [408, 'retry'],
    [410, 'final'],
    [414, 'final'],
    [425, 'retry'],
    [429, 'throttled'],
    [451, 'final'],
    [500, 'retry'],
    [501, 'final'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
    [522, 'retry'],
  ])('takes status %i as %s', (status, kind) => {
    expect(judgeOutcome(answer(status), NOW).kind).toBe(kind);
  });

  it.each<[FetchFailure, string]>([
    ['timeout', 'retry'],
    ['network', 'retry'],
    ['incomplete', 'retry'],
    ['dns-unavailable', 'retry'],
    ['host-unknown', 'final'],
    ['certificate', 'final'],
    ['address-refused', 'final'],
    ['too-large', 'final'],
    ['too-slow', 'final'],
    ['bad-encoding', 'final'],
  ])('takes the failure %s as %s', (failure, kind) => {
    expect(judgeOutcome(failed(failure), NOW).kind).toBe(kind);
  });

  it('takes 503 with Retry-After like 429, and without as an error', () => {
    expect(judgeOutcome(answer(503, { 'retry-after': '7' }), NOW)).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 7000,
    });
    expect(judgeOutcome(answer(429, { 'retry-after': '0' }), NOW)).toMatchObject({
      kind: 'throttled',
      retryAfterMs: null,
    });
  });

  it('judges bodies that are errors as if the status had said it', () => {
    expect(judgeBody({ kind: 'ok' }).kind).toBe('done');
    expect(judgeBody({ kind: 'retry', reason: 'busy' }).kind).toBe('retry');
    expect(judgeBody({ kind: 'refused', reason: 'no such field' })).toMatchObject({
      kind: 'final',
      problem: { kind: 'refused' },
    });
    expect(judgeBody({ kind: 'throttled', reason: 'x', retryAfterMs: 9 })).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 9,
    });
    expect(judgeBody({ kind: 'throttled', reason: 'x', retryAfterMs: -1 })).toMatchObject({ retryAfterMs: null });
  });

  it('has an error class for every problem', () => {
    const of = (outcome: HttpOutcome) => {
      const verdict = judgeOutcome(outcome, NOW);
      return 'problem' in verdict ? errorOf(verdict.problem, new URL('https://example.com/'), {}) : null;
    };
    expect(of(answer(403))).toBeInstanceOf(BlockedError);
    expect(of(answer(404))).toBeInstanceOf(PageGoneError);
    expect(of(answer(500))).toBeInstanceOf(NetworkError);
    expect(of(failed('timeout'))).toBeInstanceOf(FetchTimeoutError);
    expect(of(failed('host-unknown'))).toBeInstanceOf(HostUnknownError);
    expect(of(answer(400))?.code).toBe('request_refused');
    expect(of(failed('too-large'))?.code).toBe('unusable_body');
    expect(of(failed('address-refused'))?.code).toBe('address_refused');
  });
});

describe('parseRetryAfter', () => {
  it.each<[string | undefined, string | undefined, number | null]>([
    ['120', undefined, 120_000],
    [' 5 ', undefined, 5000],
    ['0', undefined, null],
    ['-5', undefined, null],
    ['1.5', undefined, null],
    ['soon', undefined, null],
    ['', undefined, null],
    [undefined, undefined, null],
    ['99999999999999999999', undefined, 86_400_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', undefined, 60_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'Thu, 01 Jan 2026 00:00:50 GMT', 10_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'nonsense', 60_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', undefined, null],
    ['Thursday, 01-Jan-26 00:00:30 GMT', undefined, 30_000],
    ['Fri, 01 Jan 9999 00:00:00 GMT', undefined, 86_400_000],
    ['2026', undefined, 2_026_000],
  ])('reads %j (Date %j) as %j', (header, date, expected) => {
    expect(parseRetryAfter(header, date, NOW)).toBe(expected);
  });
});

describe('retryDelayMs', () => {
  const config = { maxRetries: 3, retryDelay: 1000, retryBackoff: 2 };
  it('grows by the backoff, with up to a quarter more, until the tries are used up', () => {
    expect([1, 2, 3, 4].map((tries) => retryDelayMs(tries, config, () => 0))).toEqual([1000, 2000, 4000, null]);
    expect(retryDelayMs(2, config, () => 1)).toBe(2500);
    expect(retryDelayMs(1, { ...config, maxRetries: 0 })).toBeNull();
  });

  it('waits out short back-offs only, and not for ever', () => {
    expect(waitsInPlace(15_000, 1)).toBe(true);
    expect(waitsInPlace(15_001, 1)).toBe(false);
    expect(waitsInPlace(1000, 6)).toBe(false);
  });
});

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
