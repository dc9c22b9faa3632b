import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signEcho } from '#lib/echo-answer.ts';
import { type CheckAnswer, checkProxy, type DirectLook, lookDirectly } from './proxy-check.ts';
import type { ProxyEndpoint } from './proxy-url.ts';

const key = randomBytes(32);
const signal = new AbortController().signal;
const PROXY: ProxyEndpoint = {
  id: 1,
  protocol: 'http',
  host: 'proxy.example.com',
  port: 8080,
  username: null,
  password: null,
};
const LOCAL_PROXY = { ...PROXY, host: '127.0.0.1' };
const PUBLIC = 'https://dashboard.example.com/api/echo';
const LOCAL = 'http://127.0.0.1:3000/api/echo';
const REACHED: DirectLook = { kind: 'ours', sight: { address: '93.184.216.34', headers: {} } };
const DOWN: DirectLook = { kind: 'unreachable', why: 'connection refused' };

/** What stands at the other end of a request, by the URL that is asked. */
type End = (url: URL, request: number) => CheckAnswer;

const page = (body: string, status = 200): CheckAnswer => ({
  kind: 'response',
  status,
  body: Buffer.from(body),
  durationMs: 40,
});
const failed = (failure: string): CheckAnswer => ({
  kind: 'failed',
  failure,
  message: `it is ${failure}`,
  durationMs: 7,
});
const ours =
  (change: (nonce: string) => string = (nonce) => nonce, signedWith = key): End =>
  (url) => {
    const nonce = change(url.searchParams.get('nonce') ?? '');
    const sight = { nonce, address: '198.35.26.96', headers: { via: '1.1 cellar' } };
    return page(JSON.stringify({ ...sight, signature: signEcho(sight, signedWith) }));
  };

function check(end: End, options: { url?: string; proxy?: ProxyEndpoint; direct?: DirectLook } = {}) {
  let request = 0;
  const echo = {
    url: options.url ?? PUBLIC,
    key,
    send: async (url: string) => {
      request += 1;
      return end(new URL(url), request);
    },
  };
  return checkProxy(echo, options.proxy ?? PROXY, options.direct ?? REACHED, signal);
}

describe('checkProxy', () => {
  it('passes a proxy whose two answers are ours', async () => {
    const nonces: (string | null)[] = [];
    const result = await check((url, request) => {
      nonces.push(url.searchParams.get('nonce'));
      return ours()(url, request);
    });
    expect(result).toEqual({
      kind: 'passed',
      durationMs: 40,
      sight: { exitAddress: '198.35.26.96', headerLeaks: ['via'] },
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it.each<[string, End]>([
    ['a page of its own', () => page('<html>Welcome</html>')],
    ['a page that it forbids', () => page('Forbidden', 403)],
    ['an answer of before', ours(() => 'a'.repeat(32))],
    ['an answer that somebody else signed', ours((nonce) => nonce, randomBytes(32))],
    [
      'the same answer twice',
      (() => {
        let first: CheckAnswer | null = null;
        return (url: URL, request: number) => (first ??= ours()(url, request));
      })(),
    ],
    ['nothing, since nobody is there', () => failed('proxy-unreachable')],
    ['garbage', () => failed('proxy-broken')],
    ['a refusal of the tunnel', () => failed('proxy-refused')],
    ['nothing in time', () => failed('timeout')],
    ['one good answer, then none', (url, request) => (request === 1 ? ours()(url, request) : failed('network'))],
  ])('fails a proxy that gives %s, while the endpoint answers without it', async (_what, end) => {
    expect(await check(end)).toMatchObject({ kind: 'failed', badCredentials: false });
  });

  it('knows refused credentials', async () => {
    expect(await check(() => failed('proxy-auth'))).toMatchObject({ kind: 'failed', badCredentials: true });
    expect(await check(() => failed('proxy-auth'), { direct: DOWN })).toMatchObject({ badCredentials: true });
  });

  it.each(['proxy-refused', 'timeout', 'network'])(
    'decides nothing by %s while the endpoint does not answer directly either',
    async (failure) => {
      expect(await check(() => failed(failure), { direct: DOWN })).toEqual({
        kind: 'undecided',
        error: expect.stringMatching(/does not answer without a proxy either \(connection refused\).*EKO_ECHO_URL/),
      });
    },
  );

  it('decides nothing by a gateway’s page before a dashboard that is down, or by our own guard', async () => {
    expect(await check(() => page('Bad gateway', 502), { direct: DOWN })).toMatchObject({ kind: 'undecided' });
    expect(await check(() => failed('address-refused'))).toMatchObject({ kind: 'undecided' });
  });

  it.each(['proxy-unreachable', 'proxy-broken'])(
    'blames the proxy for %s, whatever the endpoint does',
    async (failure) => {
      expect(await check(() => failed(failure), { direct: DOWN })).toMatchObject({ kind: 'failed' });
      expect(await check(() => failed(failure), { url: LOCAL })).toMatchObject({ kind: 'failed' });
    },
  );

  it('asks for EKO_ECHO_URL where a proxy elsewhere cannot reach this machine, and not where it can', async () => {
    expect(await check(() => failed('proxy-refused'), { url: LOCAL })).toMatchObject({
      kind: 'undecided',
      error: expect.stringContaining('set EKO_ECHO_URL'),
    });
    const local = await check(() => failed('proxy-refused'), { url: LOCAL, proxy: LOCAL_PROXY });
    expect(local).toMatchObject({ kind: 'failed', error: expect.not.stringContaining('EKO_ECHO_URL') });
  });
});

describe('lookDirectly', () => {
  const look = (end: End) => lookDirectly({ url: PUBLIC, key, send: async (url) => end(new URL(url), 1) }, signal);

  it.each<[DirectLook['kind'], End]>([
    ['ours', ours()],
    ['other-key', ours((nonce) => nonce, randomBytes(32))],
    ['unreachable', () => failed('network')],
    ['unreachable', () => page('Bad gateway', 502)],
    ['unreachable', () => page('<html>Sign in to the Wi-Fi</html>')],
  ])('says %s', async (kind, end) => {
    expect((await look(end)).kind).toBe(kind);
  });
});
