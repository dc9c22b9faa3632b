import { get } from 'node:http';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import { portalInputSchema } from '#lib/portals/portal-input.ts';
import { startFaultProxy } from '#test/fault-proxy.ts';
import type { FaultProxy } from '#test/fault-proxy-modes.ts';
import { createFetchBed, newSession, text } from '#test/fetch-bed.ts';
import type { FixtureSite } from '#test/fixture-site.ts';
import { type Canary, listPrivateTargets, type PrivateTargets, startCanary } from '#test/private-targets.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { FetchFailureError, type HttpOutcome } from './http-outcome.ts';
import { DIRECT, type Route } from './route.ts';

/** All targets one after the other, on a machine that does much else. */
const TIMEOUT_MS = 60_000;

const bed = createFetchBed();
const signal = new AbortController().signal;
let canary: Canary;
let targets: PrivateTargets;
/** Stands for the public web: its name is listed, so that it may be asked although it leads to 127.0.0.1. */
let site: FixtureSite;
let publicHost: string;
/** Where the site's redirects lead. */
let led: { page: string; robots: string | null };
let httpProxy: FaultProxy;
let socksProxy: FaultProxy;

beforeAll(async () => {
  canary = await startCanary();
  targets = listPrivateTargets(canary.port);
  site = await bed.startSite({
    '/robots.txt': (_request, response) => {
      if (led.robots === null) response.writeHead(404).end();
      else response.writeHead(302, { location: headerBytes(led.robots) }).end();
    },
    '/redirect': (_request, response) => void response.writeHead(302, { location: headerBytes(led.page) }).end(),
    '/page': text('public'),
    '/latest/*': text('private'),
  });
  publicHost = `public.example.com:${site.host.split(':')[1]}`;
  // With a DNS of their own.
  const hosts = { [publicHost]: site.host };
  httpProxy = await startFaultProxy('http', { hosts });
  socksProxy = await startFaultProxy('socks5', { hosts });
});
beforeEach(() => {
  canary.touches = 0;
  led = { page: '/page', robots: null };
});
afterAll(async () => {
  await bed.close();
  await Promise.all([httpProxy.close(), socksProxy.close(), canary.close()]);
});

/** A header carries bytes; what is beyond ASCII goes as UTF-8. */
const headerBytes = (value: string) => Buffer.from(value).toString('latin1');

/** One way in which an address gets from the outside to our sockets. */
interface EntryPoint {
  name: string;
  /** Asks a private target. Null when it is refused, else what happened instead. */
  findLeak(target: string): Promise<string | null>;
  /** Asks the public web, which must be reached. */
  reachPublic(): Promise<boolean>;
}

/** A way through `fetchPage`; `codes` are those of a refusal. */
function byFetchPage(name: string, codes: readonly string[], aim: (target: string) => string): EntryPoint {
  const ask = async (url: string) => {
    // A stack of its own knows no robots.txt yet.
    const fetcher = bed.newFetcher([], { allowAddresses: [publicHost], resolve: targets.resolve });
    const page = fetcher.fetchPage(url, {}, newSession({ rateLimit: 1, maxRetries: 0 }));
    const result = await page.catch((error: unknown) => error);
    await fetcher.close();
    return result;
  };
  return {
    name,
    async findLeak(target) {
      const result = await ask(aim(target));
      return result instanceof AppError && codes.includes(result.code) ? null : inspect(result);
    },
    async reachPublic() {
      led = { page: '/page', robots: null };
      const result = await ask(aim(`http://${publicHost}/page`));
      return result instanceof Object && 'text' in result && result.text === 'public';
    },
  };
}

/** A way through the client alone, which knows neither ports nor user names, only addresses. `proxies`: how many it takes. */
function byClient(
  name: string,
  proxies: 0 | 1,
  options: () => Partial<HttpClientOptions> & { route?: Route },
): EntryPoint {
  const ask = async (url: URL) => {
    const { route = DIRECT, ...more } = options();
    const allow = [publicHost, httpProxy.host, socksProxy.host];
    const client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow, resolve: targets.resolve, ...more });
    return await client
      .send({ url, method: 'GET', headers: {}, timeoutMs: 10_000, route }, signal)
      .finally(() => client.close());
  };
  return {
    name,
    async findLeak(target) {
      const url = URL.parse(target);
      if (url === null) return null;
      const before = countProxied();
      const outcome = await ask(url);
      if (countProxied() !== before) return 'a proxy was asked for it';
      return isRefusal(outcome, url) ? null : inspect(outcome);
    },
    async reachPublic() {
      const before = countProxied();
      const outcome = await ask(new URL(`http://${publicHost}/page`));
      const isPublic = outcome.kind === 'response' && outcome.body.toString() === 'public';
      return isPublic && countProxied() === before + proxies;
    },
  };
}

const countProxied = () =>
  [httpProxy, socksProxy].reduce((sum, { tunnels, forwarded }) => sum + tunnels.length + forwarded.length, 0);

/** What is not of the web must not be sent; why not is of no interest. */
function isRefusal(outcome: HttpOutcome, { protocol }: URL): boolean {
  if (outcome.kind !== 'failed') return false;
  return outcome.failure === 'address-refused' || (protocol !== 'http:' && protocol !== 'https:');
}

const throughPool = ({ address }: FaultProxy): { route: Route } => ({
  route: { kind: 'proxy', proxy: { ...address, id: 1 } },
});
const throughCompany = ({ host }: FaultProxy, scheme: string) => {
  const address = `${scheme}://${host}`;
  return { systemProxy: { HTTP_PROXY: address, HTTPS_PROXY: address } };
};

/** A proxy whose own address is the target. */
function byProxyAddress(): EntryPoint {
  const ask = async (host: string, port: number, allow: readonly string[]) => {
    const client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow, resolve: targets.resolve });
    const proxy = { id: 1, protocol: 'http' as const, host, port, username: null, password: null };
    const url = new URL(`http://${publicHost}/page`);
    return await client
      .send({ url, method: 'GET', headers: {}, timeoutMs: 10_000, route: { kind: 'proxy', proxy } }, signal)
      .finally(() => client.close());
  };
  return {
    name: 'the address of a proxy',
    async findLeak(target) {
      const url = URL.parse(target);
      if (url === null || url.hostname === '') return null;
      const outcome = await ask(url.hostname, canary.port, [publicHost]);
      return outcome.kind === 'failed' && isCausedByGuard(outcome.cause) ? null : inspect(outcome);
    },
    async reachPublic() {
      const { host, port } = httpProxy.address;
      return (await ask(host, port, [publicHost, httpProxy.host])).kind === 'response';
    },
  };
}

function isCausedByGuard(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error instanceof FetchFailureError && error.failure === 'address-refused') || isCausedByGuard(error.cause);
}

/** Every way that there is; a new one is a new entry. */
const ENTRY_POINTS: EntryPoint[] = [
  byFetchPage('the address of a page', ['address_refused'], (target) => target),
  byFetchPage('the redirect of a page', ['address_refused', 'request_refused'], (target) => {
    led = { page: target, robots: null };
    return `http://${publicHost}/redirect`;
  }),
  byFetchPage('the redirect of a robots.txt', ['host_not_ready'], (target) => {
    led = { page: '/page', robots: target.includes(publicHost) ? null : target };
    return `http://${publicHost}/page`;
  }),
  byClient('the client', 0, () => ({})),
  byClient('the client, through an HTTP proxy of the pool', 1, () => throughPool(httpProxy)),
  byClient('the client, through a SOCKS proxy of the pool', 1, () => throughPool(socksProxy)),
  byClient("the client, through the company's HTTP proxy", 1, () => throughCompany(httpProxy, 'http')),
  byClient("the client, through the company's SOCKS proxy", 1, () => throughCompany(socksProxy, 'socks5')),
  byProxyAddress(),
];

const all = () => [...targets.urls, ...targets.named];

/** A relative reference that leads back to the site asks nothing private. */
const staysOnSite = (url: string) => URL.parse(url, `http://${publicHost}`)?.host === publicHost;

describe('private targets', () => {
  it('are many, and the canary hears a client without a guard', async () => {
    expect(new Set(all()).size).toBe(all().length);
    expect(targets.urls.length).toBeGreaterThanOrEqual(120);
    for (const url of targets.reachingCanary) {
      await new Promise((resolve, reject) => {
        const options = { agent: false, headers: { connection: 'close' } };
        get(new URL(url), options, (response) => response.resume().on('end', resolve)).on('error', reject);
      });
    }
    expect(canary.touches).toBe(targets.reachingCanary.length);
  });

  it('are refused by their text', () => {
    expect(targets.urls.filter((url) => checkUrl(url, [publicHost]).ok)).toEqual([]);
  });

  it('are refused as portals', () => {
    const accepted = targets.urls.filter((target) => {
      const url = target.endsWith('/') ? `${target}resource/abcd-1234.json` : target;
      const fields = { id: 'id', date: 'date', description: 'text', address: 'address', contacts: [] };
      const input = { source: 'permits', kind: 'socrata', name: 'Sample County', state: 'GA', url, fields };
      const parsed = portalInputSchema.safeParse(input);
      return parsed.success && checkUrl(parsed.data.url, [publicHost]).ok;
    });
    expect(accepted).toEqual([]);
  });

  it.each(ENTRY_POINTS.map((entry) => [entry.name, entry] as const))(
    'do not hear from us by %s',
    { timeout: TIMEOUT_MS },
    async (name, entry) => {
      const leaks: Record<string, string> = {};
      for (const target of all()) {
        if (name.startsWith('the redirect') && staysOnSite(target)) continue;
        const leak = await entry.findLeak(target);
        if (leak !== null) leaks[target] = leak;
      }
      expect(leaks).toEqual({});
      expect(canary.touches).toBe(0);
      expect(await entry.reachPublic()).toBe(true);
    },
  );

  it('do not hear from us when a name changes its mind between two connections', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    const client = new HttpClient({
      userAgent: 'EkoLeadBot/0.1',
      // The first address, not the name: so the second one is checked for what it is.
      allow: [site.host],
      resolve: async () => [{ address: answers.shift() ?? '127.0.0.2', family: 4 }],
    });
    const request = {
      url: new URL(`http://rebinding.example.com:${site.host.split(':')[1]}/page`),
      method: 'GET' as const,
      headers: {},
      timeoutMs: 10_000,
      keepAliveMs: 0,
    };
    const send = () => client.send(request, signal);
    expect(await send()).toMatchObject({ kind: 'response', status: 200 });
    expect(await send()).toMatchObject({ kind: 'failed', failure: 'address-refused' });
    await client.close();
  });
});

describe('public targets', () => {
  it.each([
    'http://example.com/',
    'https://example.com:443/a?b=c#d',
    'http://example.com:443/',
    'https://example.com./',
    'http://8.8.8.8/',
    'http://134744072/',
    'http://172.32.0.1/',
    'http://100.128.0.1/',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::808:808]/',
    'https://bücher.example/',
    'https://localhost.example.com/',
    'https://10.0.0.1.example.com/',
  ])('pass by their text: %s', (url) => {
    expect(checkUrl(url)).toEqual({ ok: true });
  });
});
