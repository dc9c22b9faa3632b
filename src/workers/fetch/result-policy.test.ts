import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FetchFailure, HttpOutcome } from './http-outcome.ts';
import { pageErrorOf } from './page-error.ts';
import type { PageInspection } from './page-inspection/inspect-page.ts';
import {
  type PageResult,
  RESULT_KINDS,
  type ResultKind,
  resultOf,
  resultOfBody,
  resultOfInspection,
} from './page-result.ts';
import { decide, type PageHistory, RESULT_POLICY, waitsInPlace } from './result-policy.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const SETTINGS = { maxRetries: 3, retryDelay: 1000, retryBackoff: 2 };
const PATIENCE = { refusedMs: 60_000, layoutMs: 30_000 };
const FIRST: PageHistory = { tries: 1, sameKind: 1, viaProxy: false };

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
const inspection = (kind: PageInspection['kind']): PageInspection => ({
  kind,
  score: 0,
  evidence: [],
  title: '',
  version: 1,
});
const result = (kind: ResultKind): PageResult => ({ kind, reason: kind, retryAfterMs: null });

describe('resultOf', () => {
  it.each<[number, ResultKind]>([
    [200, 'done'],
    [201, 'done'],
    [204, 'done'],
    [202, 'not-yet'],
    [206, 'not-yet'],
    [301, 'redirect'],
    [302, 'redirect'],
    [303, 'redirect'],
    [307, 'redirect'],
    [308, 'redirect'],
    [300, 'request-wrong'],
    [304, 'request-wrong'],
    [400, 'request-wrong'],
    [401, 'forbidden'],
    [402, 'request-wrong'],
    [403, 'blocked'],
    [404, 'gone'],
    [405, 'request-wrong'],
    [406, 'request-wrong'],
    [407, 'request-wrong'],
    [408, 'not-yet'],
    [410, 'gone'],
    [414, 'request-wrong'],
    [425, 'not-yet'],
    [429, 'throttled'],
    [451, 'forbidden'],
    [500, 'server-error'],
    [501, 'request-wrong'],
    [502, 'server-error'],
    [503, 'server-error'],
    [504, 'server-error'],
    [505, 'request-wrong'],
    [522, 'server-error'],
    [599, 'server-error'],
  ])('takes status %i for %s', (status, kind) => {
    expect(resultOf(answer(status), NOW).kind).toBe(kind);
  });

  it.each<[FetchFailure, ResultKind]>([
    ['timeout', 'timeout'],
    ['too-slow', 'unusable'],
    ['network', 'network'],
    ['incomplete', 'network'],
    ['host-unknown', 'host-unknown'],
    ['dns-unavailable', 'dns-unavailable'],
    ['certificate', 'certificate'],
    ['address-refused', 'address-refused'],
    ['too-large', 'unusable'],
    ['bad-encoding', 'unusable'],
    ['proxy-unreachable', 'proxy-fault'],
    ['proxy-refused', 'proxy-refused'],
    ['proxy-broken', 'proxy-fault'],
    ['proxy-auth', 'proxy-auth'],
  ])('takes the failure %s for %s', (failure, kind) => {
    expect(resultOf(failed(failure), NOW).kind).toBe(kind);
  });

  it('takes 503 with Retry-After like 429, and 304 for an answer only where it was asked for', () => {
    expect(resultOf(answer(503, { 'retry-after': '7' }), NOW)).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
    expect(resultOf(answer(429, { 'retry-after': '0' }), NOW)).toMatchObject({ kind: 'throttled', retryAfterMs: null });
    expect(resultOf(answer(304), NOW, true).kind).toBe('not-modified');
  });

  it('asks again when the site says, wherever it would ask again or is refused for now, and only there', () => {
    const told = (status: number) => resultOf(answer(status, { 'retry-after': '7' }), NOW);
    for (const status of [202, 403, 408, 425, 429, 500, 502, 503, 504, 522]) {
      expect(told(status)).toMatchObject({ kind: 'throttled', retryAfterMs: 7000, reason: `status ${status}` });
    }
    expect([200, 302, 400, 401, 404, 451].map((status) => told(status).kind)).toEqual([
      'done',
      'redirect',
      'request-wrong',
      'forbidden',
      'gone',
      'forbidden',
    ]);
  });
});

describe('resultOfBody', () => {
  it('takes bodies that are errors as if the status had said it', () => {
    expect(resultOfBody({ kind: 'ok' }).kind).toBe('done');
    expect(resultOfBody({ kind: 'retry', reason: 'busy' }).kind).toBe('server-error');
    expect(resultOfBody({ kind: 'refused', reason: 'no such field' }).kind).toBe('request-wrong');
    expect(resultOfBody({ kind: 'throttled', reason: 'x', retryAfterMs: 9 })).toMatchObject({ retryAfterMs: 9 });
    expect(resultOfBody({ kind: 'throttled', reason: 'x', retryAfterMs: -1 })).toMatchObject({ retryAfterMs: null });
  });
});

describe('resultOfInspection', () => {
  it.each<[ResultKind, PageInspection['kind'], ResultKind]>([
    ['done', 'results', 'done'],
    ['done', 'empty', 'done'],
    ['done', 'unmarked', 'done'],
    ['done', 'blocked', 'blocked'],
    ['done', 'auth-wall', 'auth-wall'],
    ['done', 'layout-changed', 'layout-changed'],
    // An overloaded server is not another layout; a challenge with status 503 is a block.
    ['server-error', 'layout-changed', 'server-error'],
    ['server-error', 'auth-wall', 'server-error'],
    ['server-error', 'blocked', 'blocked'],
    // What asks for less, is gone or refuses has said so.
    ['throttled', 'blocked', 'throttled'],
    ['gone', 'blocked', 'gone'],
    ['blocked', 'results', 'blocked'],
  ])('makes of status "%s" and a look of "%s": %s', (byStatus, look, expected) => {
    expect(resultOfInspection(result(byStatus), inspection(look)).kind).toBe(expected);
  });
});

describe('the policy', () => {
  it('has a row for each kind, in their order', () => {
    expect(Object.keys(RESULT_POLICY)).toEqual([...RESULT_KINDS]);
  });

  it('blames a proxy only for its own failures: an answer of the site proves that it works', () => {
    const blamed = RESULT_KINDS.filter((kind) => !['success', 'neutral'].includes(RESULT_POLICY[kind].proxy));
    expect(blamed).toEqual(['blocked', 'network', 'timeout', 'proxy-fault', 'proxy-refused', 'proxy-auth']);
    // A site that is down must not empty the pool.
    expect(RESULT_POLICY['proxy-refused'].proxy).toBe('half-fault');
    expect(RESULT_POLICY.blocked.proxy).toBe('ban');
    expect(RESULT_POLICY.network.proxy).toBe('half-fault');
  });

  it('tells the pace of the host nothing where the host was not reached', () => {
    const kinds: ResultKind[] = ['proxy-fault', 'proxy-auth', 'host-unknown', 'dns-unavailable', 'address-refused'];
    expect(kinds.map((kind) => RESULT_POLICY[kind].host)).toEqual(kinds.map(() => 'neutral'));
  });

  it('keeps a snapshot of what people must see to understand', () => {
    const kept = RESULT_KINDS.filter((kind) => RESULT_POLICY[kind].snapshot);
    expect(kept).toEqual(['auth-wall', 'layout-changed', 'forbidden', 'blocked', 'unusable']);
  });
});

describe('decide', () => {
  const at = (kind: ResultKind, history: Partial<PageHistory> = {}) =>
    decide({ kind }, { ...FIRST, ...history }, SETTINGS, PATIENCE, () => 0);

  it.each<[ResultKind, string]>([
    ['done', 'accept'],
    ['not-modified', 'accept'],
    ['redirect', 'follow'],
    ['auth-wall', 'give-up'],
    ['layout-changed', 'retry'],
    ['forbidden', 'give-up'],
    ['blocked', 'give-up'],
    ['gone', 'give-up'],
    ['request-wrong', 'give-up'],
    ['not-yet', 'retry'],
    ['throttled', 'wait'],
    ['server-error', 'retry'],
    ['network', 'retry'],
    ['timeout', 'retry'],
    ['dns-unavailable', 'retry'],
    ['host-unknown', 'give-up'],
    ['certificate', 'give-up'],
    ['address-refused', 'give-up'],
    ['unusable', 'give-up'],
    ['proxy-fault', 'give-up'],
    ['proxy-refused', 'give-up'],
    ['proxy-auth', 'give-up'],
  ])('answers a first "%s" with: %s', (kind, expected) => {
    expect(at(kind).do).toBe(expected);
  });

  it('tries a refused page through one other proxy, after a minute, and then takes the answer', () => {
    expect(at('blocked', { viaProxy: true })).toEqual({ do: 'retry', delayMs: 60_000, otherProxy: true });
    expect(at('blocked', { viaProxy: true, tries: 2, sameKind: 2 })).toEqual({ do: 'give-up' });
  });

  it('looks once more at a page that seems to have another layout', () => {
    expect(at('layout-changed')).toEqual({ do: 'retry', delayMs: 30_000, otherProxy: true });
    expect(at('layout-changed', { tries: 2, sameKind: 2 }).do).toBe('give-up');
  });

  it('changes the proxy at once after a broken connection, and from the second server error on', () => {
    expect(at('network', { viaProxy: true })).toMatchObject({ otherProxy: true });
    expect(at('server-error', { viaProxy: true })).toMatchObject({ otherProxy: false });
    expect(at('server-error', { viaProxy: true, tries: 2, sameKind: 2 })).toMatchObject({ otherProxy: true });
    expect(at('server-error', { viaProxy: true, tries: 2, sameKind: 1 })).toMatchObject({ otherProxy: false });
  });

  it('lets the pauses grow by the backoff, with up to a quarter more, until the tries are used up', () => {
    const delays = [1, 2, 3, 4].map((tries) => at('server-error', { tries }));
    expect(delays.map((decision) => ('delayMs' in decision ? decision.delayMs : decision.do))).toEqual([
      1000,
      2000,
      4000,
      'give-up',
    ]);
    const late = decide({ kind: 'network' }, { ...FIRST, tries: 2 }, SETTINGS, PATIENCE, () => 0.999_999);
    expect(late).toMatchObject({ delayMs: 2500 });
    expect(decide({ kind: 'network' }, FIRST, { ...SETTINGS, maxRetries: 0 })).toEqual({ do: 'give-up' });
  });

  it('ends for every kind after a bounded number of tries, and never waits longer than five minutes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RESULT_KINDS),
        fc.record({
          maxRetries: fc.integer({ min: 0, max: 20 }),
          retryDelay: fc.integer({ min: 0, max: 1_000_000 }),
          retryBackoff: fc.double({ min: 1, max: 10, noNaN: true }),
        }),
        fc.boolean(),
        (kind, settings, viaProxy) => {
          for (let tries = 1; tries <= settings.maxRetries + 1; tries += 1) {
            const decision = decide({ kind }, { tries, sameKind: tries, viaProxy }, settings);
            if (decision.do !== 'retry') return;
            expect(decision.delayMs).toBeLessThanOrEqual(300_000);
          }
          throw new Error('never given up');
        },
      ),
    );
  });

  it('waits out short back-offs only, and not for ever', () => {
    expect(waitsInPlace(15_000, 1)).toBe(true);
    expect(waitsInPlace(15_001, 1)).toBe(false);
    expect(waitsInPlace(1000, 6)).toBe(false);
  });
});

describe('pageErrorOf', () => {
  it.each<[ResultKind, string]>([
    ['blocked', 'blocked'],
    ['forbidden', 'blocked'],
    ['auth-wall', 'blocked'],
    ['layout-changed', 'layout_changed'],
    ['gone', 'page_gone'],
    ['request-wrong', 'request_refused'],
    ['server-error', 'network'],
    ['network', 'network'],
    ['timeout', 'fetch_timeout'],
    ['host-unknown', 'host_unknown'],
    ['address-refused', 'address_refused'],
    ['unusable', 'unusable_body'],
    ['proxy-fault', 'proxy_failed'],
    ['proxy-refused', 'network'],
    ['proxy-auth', 'proxy_failed'],
  ])('makes of "%s" an error with the code %s', (kind, code) => {
    expect(pageErrorOf(result(kind), new URL('https://example.com/'), {}).code).toBe(code);
  });
});
