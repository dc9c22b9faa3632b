import { afterEach, describe, expect, it } from 'vitest';
import { startDeadProxy, startFaultProxy } from '#test/fault-proxy.ts';
import { type FaultMode, type FaultProxy, type FaultProxyOptions, OWN_PAGE } from '#test/fault-proxy-modes.ts';
import { startFixtureSite } from '#test/fixture-site.ts';
import { startSecureSite } from '#test/secure-site.ts';
import { createTestAuthority } from '#test/test-certificates.ts';
import { HttpClient, type HttpClientOptions } from '../http-client.ts';
import { DIRECT, type Route } from '../route.ts';
import { chooseSystemProxy, parseSystemProxy, type SystemProxySettings } from './system-proxy.ts';

const never = new AbortController().signal;
const authority = createTestAuthority();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const keep = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};

describe('chooseSystemProxy', () => {
  const BOTH = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://secure:2' };
  const choose = (url: string, settings: SystemProxySettings) =>
    chooseSystemProxy(new URL(url), parseSystemProxy(settings))?.host ?? null;

  it.each([
    ['no settings', 'http://a.example/', {}, null],
    ['http', 'http://a.example/', BOTH, 'plain'],
    ['https', 'https://a.example/', BOTH, 'secure'],
    ['only the other scheme', 'https://a.example/', { HTTP_PROXY: 'http://plain:1' }, null],
    ['lower case alone', 'http://a.example/', { http_proxy: 'http://low:1' }, 'low'],
    ['lower case first', 'http://a.example/', { ...BOTH, http_proxy: 'http://low:1' }, 'low'],
    ['an empty setting', 'http://a.example/', { HTTP_PROXY: ' ' }, null],
    ['a proxy without a scheme', 'http://a.example/', { HTTP_PROXY: 'plain:8080' }, 'plain'],
  ])('knows %s', (_name, url, settings, host) => {
    expect(choose(url, settings)).toBe(host);
  });

  it.each([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['A.Example', 'http://a.example./', true],
    ['a.example', 'http://www.a.example/', false],
    ['a.example', 'http://ba.example/', false],
    ['.a.example', 'http://www.a.example/', true],
    ['.a.example', 'http://a.example/', true],
    ['.a.example', 'http://ba.example/', false],
    ['*.a.example', 'http://x.y.a.example/', true],
    ['a.example:8080', 'http://a.example:8080/', true],
    ['a.example:8080', 'http://a.example/', false],
    ['a.example:80', 'http://a.example/', true],
    ['.a.example:443', 'https://www.a.example/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.0.0.0/8', 'http://10.example/', false],
    ['10.1.2.3', 'http://10.1.2.3/', true],
    ['10.1.2.3', 'http://[::ffff:10.1.2.3]/', true],
    ['fd00::/8', 'http://[fd00::1]/', true],
    ['::1', 'http://[::1]/', true],
    ['[::1]:80', 'http://[0:0::1]/', true],
    ['[::1]:81', 'http://[::1]/', false],
    ['b.example, a.example', 'http://a.example/', true],
    ['b.example a.example', 'http://a.example/', true],
    ['', 'http://a.example/', false],
    [',,', 'http://a.example/', false],
  ])('with NO_PROXY=%s treats %s as exempt: %s', (noProxy, url, exempt) => {
    expect(choose(url, { ...BOTH, NO_PROXY: noProxy }) === null).toBe(exempt);
  });

  it('names the setting that cannot be used, and not its password', () => {
    const parse = () => parseSystemProxy({ HTTPS_PROXY: 'ftp://ann:secret@proxy:1' });
    expect(parse).toThrow(/^HTTPS_PROXY cannot be used: .*"ftp"/);
    expect(parse).not.toThrow(/secret/);
  });
});

describe("a request through the system's proxy", () => {
  const CREDENTIALS = { username: 'ann', password: 'secret' };
  const NAMES = { resolve: async () => Promise.reject(Object.assign(new Error('no DNS here'), { code: 'ENOTFOUND' })) };

  const urlOf = ({ address }: FaultProxy, user = '') => `${address.protocol}://${user}${address.host}:${address.port}`;

  const startBed = async (options: FaultProxyOptions = {}) => {
    const site = keep(
      await startFixtureSite({
        '/page': (_request, response) => response.end('hello'),
        '/busy': (_request, response) => response.writeHead(503).end('busy'),
      }),
    );
    const proxy = keep(await startFaultProxy('http', { hosts: { 'site.example:80': site.host }, ...options }));
    return { site, proxy };
  };

  const ask = async (url: string, options: Partial<HttpClientOptions>, route: Route = DIRECT, timeoutMs = 20_000) => {
    const client = keep(new HttpClient({ userAgent: 'EkoLeadBot/0.1', ca: authority.ca, ...NAMES, ...options }));
    const outcome = await client.send({ url: new URL(url), method: 'GET', headers: {}, timeoutMs, route }, never);
    return { outcome, result: outcome.kind === 'response' ? `status ${outcome.status}` : outcome.failure };
  };

  it('has the proxy ask for plain http by name, although it is private and DNS knows nothing here', async () => {
    const { site, proxy } = await startBed({ credentials: CREDENTIALS });
    const systemProxy = { HTTP_PROXY: urlOf(proxy, 'ann:secret@') };
    expect((await ask('http://site.example/page?a=1#part', { systemProxy })).result).toBe('status 200');
    expect(proxy.forwarded).toEqual(['GET http://site.example/page?a=1']);
    expect(proxy.tunnels).toEqual([]);
    expect(site.asked[0]).toMatchObject({ url: '/page?a=1', headers: { host: 'site.example' } });
    expect((await ask('http://site.example/busy', { systemProxy })).result).toBe('status 503');
  });

  it('tunnels https by name, and plain http too where the proxy speaks SOCKS5', async () => {
    const secure = keep(await startSecureSite(authority.issue(['site.example'])));
    const { site, proxy } = await startBed({ hosts: { 'site.example:443': secure.host } });
    const { result } = await ask('https://site.example/page', { systemProxy: { HTTPS_PROXY: urlOf(proxy) } });
    expect(result).toBe('status 200');
    expect(proxy.tunnels).toEqual(['site.example:443']);
    expect(secure.asked).toMatchObject([{ host: 'site.example', servername: 'site.example' }]);
    const socks = keep(await startFaultProxy('socks5', { hosts: { 'site.example:80': site.host } }));
    expect((await ask('http://site.example/page', { systemProxy: { HTTP_PROXY: urlOf(socks) } })).result).toBe(
      'status 200',
    );
    expect(socks.tunnels).toEqual(['site.example:80']);
  });

  it('speaks TLS with an https proxy', async () => {
    const { proxy } = await startBed({ tls: authority.issue(['127.0.0.1']) });
    expect((await ask('http://site.example/page', { systemProxy: { HTTP_PROXY: urlOf(proxy) } })).result).toBe(
      'status 200',
    );
    expect(proxy.forwarded).toHaveLength(1);
  });

  it.each<[FaultMode | 'is gone', string]>([
    ['is gone', 'proxy-unreachable'],
    ['refuses-credentials', 'proxy-auth'],
    ['bad-gateway', 'proxy-refused'],
    ['closes', 'network'],
    ['garbage', 'network'],
    ['stalls', 'timeout'],
  ])('comes to the right failure when the forwarding proxy %s', async (mode, result) => {
    const { site, proxy } = await startBed(mode === 'is gone' ? {} : { mode });
    const used = mode === 'is gone' ? await startDeadProxy('http') : proxy;
    const asked = await ask(
      'http://site.example/page',
      { systemProxy: { HTTP_PROXY: urlOf(used, 'ann:secret@') } },
      DIRECT,
      mode === 'stalls' ? 1_000 : 20_000,
    );
    expect(asked.result).toBe(result);
    expect(JSON.stringify(asked.outcome)).not.toMatch(/secret|YW5uOnNlY3JldA/);
    expect(site.asked).toEqual([]);
  });

  it('passes on no private name or address, not even one that DNS here knows', async () => {
    const { proxy } = await startBed();
    const systemProxy = { HTTP_PROXY: urlOf(proxy), HTTPS_PROXY: urlOf(proxy) };
    const PRIVATE = [
      '127.0.0.1',
      '10.0.0.1',
      '[::1]',
      '[::ffff:10.0.0.1]',
      '2130706433',
      'localhost',
      'db.internal',
      'router',
    ];
    for (const host of PRIVATE) {
      for (const scheme of ['http', 'https']) {
        const { result } = await ask(`${scheme}://${host}/`, { systemProxy });
        expect([scheme, host, result]).toEqual([scheme, host, 'address-refused']);
      }
    }
    const known = { resolve: async () => [{ address: '192.168.1.1', family: 4 }] };
    expect((await ask('http://site.example/', { systemProxy, ...known })).result).toBe('address-refused');
    expect(proxy.connections).toBe(0);
  });

  it('leaves out whom NO_PROXY names', async () => {
    const { site, proxy } = await startBed();
    const systemProxy = { HTTP_PROXY: urlOf(proxy), NO_PROXY: '127.0.0.0/8' };
    expect((await ask(`${site.origin}/page`, { systemProxy, allow: [site.host] })).result).toBe('status 200');
    expect(proxy.connections).toBe(0);
  });

  describe('to a proxy of the pool', () => {
    const routeTo = ({ address }: FaultProxy): Route => ({ kind: 'proxy', proxy: { id: 1, ...address } });
    const startChain = async (protocol: 'http' | 'socks5', systemOptions: FaultProxyOptions = {}) => {
      const { site, proxy: system } = await startBed(systemOptions);
      const pool = keep(await startFaultProxy(protocol));
      const options = { allow: [site.host, pool.host], systemProxy: { HTTPS_PROXY: urlOf(system) } };
      return { site, system, pool, options };
    };

    it.each(['http', 'socks5'] as const)('is a tunnel in a tunnel (%s)', async (protocol) => {
      const { site, system, pool, options } = await startChain(protocol);
      expect((await ask(`${site.origin}/page`, options, routeTo(pool))).result).toBe('status 200');
      expect(system.tunnels).toEqual([pool.host]);
      expect(pool.tunnels).toEqual([site.host]);
    });

    it('goes straight to those that NO_PROXY names', async () => {
      const { site, system, pool, options } = await startChain('http');
      const systemProxy = { ...options.systemProxy, NO_PROXY: pool.host };
      expect((await ask(`${site.origin}/page`, { ...options, systemProxy }, routeTo(pool))).result).toBe('status 200');
      expect([system.connections, pool.connections]).toEqual([0, 1]);
    });

    it.each<[FaultMode, string]>([
      ['refuses-credentials', 'network'],
      ['closes', 'network'],
      ['own-page', 'network'],
      ['bad-gateway', 'proxy-unreachable'],
    ])("is not the pool's fault unless the system's proxy says so: %s is %s", async (mode, result) => {
      const { site, pool, options } = await startChain('http', { mode });
      expect((await ask(`${site.origin}/page`, options, routeTo(pool))).result).toBe(result);
      expect(pool.connections).toBe(0);
    });
  });

  it('shows a page of the proxy only where nobody can tell', async () => {
    const { proxy } = await startBed({ mode: 'own-page' });
    const forwarded = await ask('http://site.example/page', { systemProxy: { HTTP_PROXY: urlOf(proxy) } });
    // Forwarding means trusting the operator's proxy; a tunnel trusts nobody.
    expect(forwarded.outcome).toMatchObject({ kind: 'response', body: Buffer.from(OWN_PAGE) });
    const tunnelled = await ask('https://site.example/page', { systemProxy: { HTTPS_PROXY: urlOf(proxy) } });
    expect(tunnelled.result).toBe('proxy-broken');
  });
});
