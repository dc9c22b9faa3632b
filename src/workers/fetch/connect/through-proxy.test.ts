import { afterEach, describe, expect, it } from 'vitest';
import { startDeadProxy, startFaultProxy } from '#test/fault-proxy.ts';
import { type FaultMode, type FaultProxy, type FaultProxyOptions, OWN_PAGE } from '#test/fault-proxy-modes.ts';
import { type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { type SecureSite, startSecureSite } from '#test/secure-site.ts';
import { createTestAuthority } from '#test/test-certificates.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient, type HttpClientOptions, type HttpRequest } from '../http-client.ts';
import type { HttpOutcome } from '../http-outcome.ts';
import type { Route } from '../route.ts';

const never = new AbortController().signal;
/** A deadline that shall pass, but not before the proxy has been reached: this process may stand still for a moment. */
const SHORT_MS = 1_500;
/** How late a deadline may be noticed on a machine that does other work too. */
const LATE_MS = 8_000;
const authority = createTestAuthority();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const keep = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};

const startSite = async () =>
  keep(await startFixtureSite({ '/page': (_request, response) => response.end('x'.repeat(50_000)) }));

const startProxy = async (protocol: 'http' | 'socks5', options: FaultProxyOptions = {}) =>
  keep(await startFaultProxy(protocol, options));

const through = (proxy: FaultProxy, changes: Partial<FaultProxy['address']> = {}): Route => ({
  kind: 'proxy',
  proxy: { id: proxy.address.port, ...proxy.address, ...changes },
});

const createClient = (options: Partial<HttpClientOptions>) =>
  keep(new HttpClient({ userAgent: 'EkoLeadBot/0.1', ca: authority.ca, ...options }));

async function ask(
  client: HttpClient,
  url: string,
  route: Route,
  changes: Partial<HttpRequest> = {},
): Promise<HttpOutcome> {
  return await client.send(
    { url: new URL(url), method: 'GET', headers: {}, timeoutMs: 20_000, route, ...changes },
    never,
  );
}

const resultOf = (outcome: HttpOutcome) => (outcome.kind === 'response' ? `status ${outcome.status}` : outcome.failure);

/** What each mode must come to, over HTTP and over SOCKS5. */
const MODES: [FaultMode | 'is gone', string, string][] = [
  ['works', 'status 200', 'status 200'],
  ['is gone', 'proxy-unreachable', 'proxy-unreachable'],
  ['stalls', 'proxy-broken', 'proxy-broken'],
  ['refuses-credentials', 'proxy-auth', 'proxy-auth'],
  ['no-method', 'proxy-broken', 'proxy-auth'],
  ['bad-gateway', 'proxy-refused', 'proxy-refused'],
  ['forbidden', 'proxy-refused', 'proxy-refused'],
  ['closes', 'proxy-broken', 'proxy-broken'],
  ['resets', 'proxy-broken', 'proxy-broken'],
  ['page-in-tunnel', 'proxy-broken', 'proxy-broken'],
  ['own-page', 'proxy-broken', 'proxy-broken'],
  ['page-when-asked', 'proxy-broken', 'proxy-broken'],
  ['garbage', 'proxy-broken', 'proxy-broken'],
  ['drips', 'proxy-broken', 'proxy-broken'],
  ['endless-header', 'proxy-broken', 'proxy-broken'],
  ['half-reply', 'proxy-broken', 'proxy-broken'],
  ['dies-after-tunnel', 'network', 'network'],
  ['dies-mid-body', 'incomplete', 'incomplete'],
];
const CASES = MODES.flatMap(([mode, http, socks5]) => [
  { protocol: 'http' as const, mode, result: http },
  { protocol: 'socks5' as const, mode, result: socks5 },
]);
const REACHES_SITE: (FaultMode | 'is gone')[] = ['works', 'dies-mid-body'];

describe('a request through a proxy', () => {
  it.each(CASES)('comes to $result when the $protocol proxy $mode', async ({ protocol, mode, result }) => {
    const site = await startSite();
    const proxy =
      mode === 'is gone'
        ? await startDeadProxy(protocol)
        : await startProxy(protocol, {
            mode,
            dieAfterBytes: 20_000,
            ...(protocol === 'socks5' && mode === 'refuses-credentials'
              ? { credentials: { username: 'ann', password: 'secret' } }
              : {}),
          });
    const client = createClient({ allow: [site.host, proxy.host] });
    const timeoutMs = ['stalls', 'drips', 'half-reply'].includes(mode) ? SHORT_MS : 20_000;
    const outcome = await ask(client, `${site.origin}/page`, through(proxy), { timeoutMs });
    expect(resultOf(outcome)).toBe(result);
    expect(outcome.durationMs).toBeLessThan(timeoutMs + LATE_MS);
    expect(proxy.tunnels.length).toBeLessThanOrEqual(1);
    expect(proxy.connections).toBeLessThanOrEqual(1);
    expect(proxy.forwarded).toEqual([]);
    expect(site.paths()).toEqual(REACHES_SITE.includes(mode) ? ['/page'] : []);
    expect(outcome.kind === 'response' && outcome.body.includes(OWN_PAGE)).toBe(false);
    if (outcome.kind === 'response') expect(outcome.body.length).toBe(50_000);
    // Nothing that failed leaves a connection behind.
    if (outcome.kind === 'failed') await waitFor(() => proxy.open.size === 0, { what: 'the connections to close' });
  });

  it('says that the proxy stalls, not the site, and gives its own deadline precedence', async () => {
    const proxy = await startProxy('http', { mode: 'stalls' });
    const client = createClient({ allow: ['127.0.0.1:80', proxy.host], connectTimeoutMs: SHORT_MS });
    const outcome = await ask(client, 'http://127.0.0.1/', through(proxy), { timeoutMs: 60_000 });
    expect(outcome).toMatchObject({ failure: 'proxy-broken', message: 'The proxy did not open the tunnel in time' });
    expect(outcome.durationMs).toBeLessThan(SHORT_MS + LATE_MS);
  });

  it('is not the fault of a proxy when the site behind the tunnel is silent', async () => {
    const site = keep(await startFixtureSite({ '/page': () => {} }));
    const proxy = await startProxy('http');
    const client = createClient({ allow: [site.host, proxy.host] });
    expect(resultOf(await ask(client, `${site.origin}/page`, through(proxy), { timeoutMs: SHORT_MS }))).toBe('timeout');
  });

  it('opens one tunnel for each of many requests at once, and uses it again for later ones', async () => {
    const site = await startSite();
    const proxy = await startProxy('socks5');
    const client = createClient({ allow: [site.host, proxy.host] });
    for (let count = 0; count < 3; count += 1) await ask(client, `${site.origin}/page`, through(proxy));
    expect(proxy.tunnels).toHaveLength(1);
    const results = await Promise.all(
      Array.from({ length: 12 }, async () => resultOf(await ask(client, `${site.origin}/page`, through(proxy)))),
    );
    expect(new Set(results)).toEqual(new Set(['status 200']));
    expect(proxy.tunnels.length).toBeLessThanOrEqual(4);
    expect((await ask(client, `${site.origin}/page`, through(proxy), { keepAliveMs: 0 })).kind).toBe('response');
    expect(site.asked.at(-1)?.headers.connection).toBe('close');
  });

  it('asks each of many dead tunnels once, and stops when the session ends', async () => {
    const site = await startSite();
    const proxy = await startProxy('http', { mode: 'dies-after-tunnel' });
    const client = createClient({ allow: [site.host, proxy.host] });
    const results = await Promise.all(
      Array.from({ length: 10 }, async () => resultOf(await ask(client, `${site.origin}/page`, through(proxy)))),
    );
    expect(new Set(results)).toEqual(new Set(['network']));
    expect(proxy.tunnels.length).toBeLessThanOrEqual(10);
    proxy.options.mode = 'stalls';
    const ending = new AbortController();
    const request = { url: new URL(site.origin), method: 'GET' as const, headers: {}, timeoutMs: 60_000 };
    const sending = client.send({ ...request, route: through(proxy) }, ending.signal);
    await waitFor(() => proxy.open.size === 1, { what: 'the proxy to be asked' });
    ending.abort(new Error('stopped by a person'));
    await expect(sending).rejects.toThrow('by a person');
    await waitFor(() => proxy.open.size === 0, { what: 'the connection to close' });
    expect(site.paths()).toEqual([]);
  });

  it.each(['http', 'socks5'] as const)('signs in at %s proxies and keeps the password to itself', async (protocol) => {
    const site = await startSite();
    const credentials = { username: 'ann', password: 'pass:word§' };
    const proxy = await startProxy(protocol, { credentials });
    const client = createClient({ allow: [site.host, proxy.host] });
    expect(resultOf(await ask(client, `${site.origin}/page`, through(proxy)))).toBe('status 200');
    expect(site.asked[0]?.headers).not.toHaveProperty('proxy-authorization');
    for (const changes of [{ password: 'wrong-one' }, { username: null, password: null }]) {
      const outcome = await ask(client, `${site.origin}/page`, through(proxy, changes));
      expect(resultOf(outcome)).toBe('proxy-auth');
      expect(JSON.stringify(outcome)).not.toContain('wrong-one');
    }
    expect(site.asked).toHaveLength(1);
  });

  it('says in words why a SOCKS5 proxy refuses', async () => {
    const proxy = await startProxy('socks5', { mode: 'forbidden' });
    const client = createClient({ allow: ['127.0.0.1:80', proxy.host] });
    const messages: string[] = [];
    for (const replyCode of [1, 2, 3, 4, 5, 6, 7, 8, 77]) {
      proxy.options.replyCode = replyCode;
      const outcome = await ask(client, 'http://127.0.0.1/', through(proxy));
      expect(resultOf(outcome)).toBe('proxy-refused');
      if (outcome.kind === 'failed') messages.push(outcome.message.replace('The proxy answered ', ''));
    }
    expect(messages.join(', ')).toBe(
      '1: general failure, 2: not allowed by its rules, 3: network unreachable, 4: host unreachable, ' +
        '5: connection refused, 6: time to live expired, 7: command not supported, 8: address type not supported, ' +
        '77: an unknown reason',
    );
  });
});

describe('a request to an https site through a proxy', () => {
  const startPair = async (protocol: 'http' | 'socks5', options: FaultProxyOptions = {}, names = ['site.example']) => {
    const site: SecureSite = keep(await startSecureSite(authority.issue(names)));
    const proxy = await startProxy(protocol, options);
    const client = createClient({
      allow: [site.host, proxy.host],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    return { site, proxy, client, url: `https://site.example:${site.port}/page` };
  };

  it.each([
    ['http', {}],
    ['socks5', {}],
    ['http', { tls: authority.issue(['127.0.0.1']) }],
  ] as const)('names the site in the handshake inside the tunnel of the %s proxy %o', async (protocol, options) => {
    const { site, proxy, client, url } = await startPair(protocol, options);
    for (const http2 of [false, true]) {
      const outcome = await ask(client, url, through(proxy), { http2 });
      expect(outcome).toMatchObject({ kind: 'response', status: 200 });
    }
    expect(site.asked).toEqual(
      ['1.1', '2.0'].map((httpVersion) => ({
        httpVersion,
        host: `site.example:${site.port}`,
        servername: 'site.example',
        path: '/page',
      })),
    );
    expect(proxy.tunnels).toEqual([site.host, site.host]);
    await client.close();
    await waitFor(() => proxy.open.size === 0, { what: 'the sockets below TLS to close' });
  });

  it('verifies the certificates of site and proxy', async () => {
    const wrongSite = await startPair('http', {}, ['other.example']);
    expect(resultOf(await ask(wrongSite.client, wrongSite.url, through(wrongSite.proxy)))).toBe('certificate');
    const wrongProxy = await startPair('http', { tls: authority.issue(['other.example']) });
    expect(resultOf(await ask(wrongProxy.client, wrongProxy.url, through(wrongProxy.proxy)))).toBe('proxy-unreachable');
    expect(wrongProxy.proxy.tunnels).toEqual([]);
    expect([...wrongSite.site.asked, ...wrongProxy.site.asked]).toEqual([]);
  });

  it('never takes the page of a proxy in the middle for that of the site', async () => {
    for (const mode of ['page-in-tunnel', 'own-page', 'dies-after-tunnel'] as const) {
      const { site, proxy, client, url } = await startPair('http', { mode });
      expect((await ask(client, url, through(proxy))).kind).toBe('failed');
      expect(site.asked).toEqual([]);
    }
  });
});

describe('addresses and proxies', () => {
  const answers = (...addresses: string[]) => ({
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  });

  it('asks for the address that was checked, IPv4 first, and names the site only to the site', async () => {
    const site: FixtureSite = await startSite();
    const { port } = new URL(site.origin);
    for (const protocol of ['http', 'socks5'] as const) {
      const proxy = await startProxy(protocol);
      const client = createClient({
        allow: [proxy.host, `site.example:${port}`],
        ...answers('2606:4700::1111', '127.0.0.1', '10.0.0.1'),
      });
      const outcome = await ask(client, `http://site.example:${port}/page`, through(proxy));
      expect(resultOf(outcome)).toBe('status 200');
      expect(proxy.tunnels).toEqual([site.host]);
    }
    expect(site.asked.map(({ headers }) => headers.host)).toEqual([`site.example:${port}`, `site.example:${port}`]);
  });

  it.each([
    ['a literal', 'http://127.0.0.1/', ['93.184.216.34'], 'address-refused'],
    ['another spelling of it', 'http://0x7f.1/', ['93.184.216.34'], 'address-refused'],
    ['IPv6', 'http://[::1]/', ['93.184.216.34'], 'address-refused'],
    ['a name of a private address', 'http://site.example/', ['10.1.2.3'], 'address-refused'],
    ['a name of a public and a private one', 'http://site.example/', ['93.184.216.34', '10.1.2.3'], 'address-refused'],
    ['a name of nothing', 'http://site.example/', [], 'host-unknown'],
  ])('does not even ask the proxy for %s', async (_name, url, addresses, result) => {
    const proxy = await startProxy('http');
    const client = createClient({ allow: [proxy.host], ...answers(...addresses) });
    expect(resultOf(await ask(client, url, through(proxy)))).toBe(result);
    expect(proxy.connections).toBe(0);
  });

  it('does not connect to a proxy in the private network unless an admin lists it', async () => {
    const proxy = await startProxy('http');
    for (const host of ['127.0.0.1', 'proxy.example']) {
      const client = createClient(answers('127.0.0.1'));
      const outcome = await ask(client, 'http://93.184.216.34/', through(proxy, { host }));
      expect(outcome).toMatchObject({
        failure: 'proxy-unreachable',
        message: expect.stringContaining('may not be asked'),
      });
    }
    expect(proxy.connections).toBe(0);
  });

  it('calls a proxy whose name nobody knows unreachable', async () => {
    const proxy = await startProxy('http');
    const client = createClient(answers());
    const outcome = await ask(client, 'http://93.184.216.34/', through(proxy, { host: 'proxy.example' }));
    expect(resultOf(outcome)).toBe('proxy-unreachable');
  });
});
