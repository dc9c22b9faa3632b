import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GET as echo } from '#app/api/echo/route.ts';
import { silentLogger } from '#lib/logger.ts';
import { startDeadProxy, startFaultProxy } from '#test/fault-proxy.ts';
import type { FaultProxy, FaultProxyOptions } from '#test/fault-proxy-modes.ts';
import { type FixtureRoute, type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient } from '../fetch/http-client.ts';
import { DIRECT } from '../fetch/route.ts';
import { ProxyManager, type ProxyManagerOptions } from './proxy-manager.ts';
import type { ProxyAddress } from './proxy-url.ts';

const key = randomBytes(32);
let server: TestServerContext;
let dashboard: FixtureSite;
let client: HttpClient;
let allow: string[];
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await createTestServerContext({ EKO_SECRET_KEY: key.toString('hex') });
  dashboard = await startFixtureSite({ '/api/echo': serveEcho });
});
beforeEach(async () => {
  await server.context.db.query('truncate proxy_pool, proxy_host_bans');
  allow = [dashboard.host];
  client = new HttpClient({ userAgent: 'EkoLeadBot', allow, connectTimeoutMs: 3_000 });
  dashboard.asked.length = 0;
});
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
  await client.close();
});
afterAll(async () => {
  await dashboard.close();
  await server.close();
});

/** The real route, behind what the framework does: it notes the peer where nobody else has noted one. */
const serveEcho: FixtureRoute = async (asked, response) => {
  const headers = new Headers({ 'x-forwarded-for': '198.35.26.96' });
  for (const [name, value] of Object.entries(asked.headers)) headers.set(name, String(value));
  const answer = await echo(new Request(`http://dashboard${asked.url}`, { headers }), { params: Promise.resolve({}) });
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
};

async function startProxy(options: FaultProxyOptions = {}, protocol: 'http' | 'socks5' = 'http'): Promise<FaultProxy> {
  const proxy = await startFaultProxy(protocol, options);
  open.push(proxy);
  allow.push(proxy.host);
  return proxy;
}

function openManager(options: Partial<ProxyManagerOptions> & { echoUrl?: string } = {}): ProxyManager {
  const manager = new ProxyManager({
    db: server.context.db,
    key,
    logger: silentLogger(),
    allowAddresses: allow,
    random: () => 1,
    check: {
      echoUrl: options.echoUrl ?? `${dashboard.origin}/api/echo`,
      send: (url, proxy, timeoutMs, signal) =>
        client.send(
          {
            url: new URL(url),
            method: 'GET',
            headers: {},
            timeoutMs: Math.min(timeoutMs, 3_000),
            keepAliveMs: 0,
            route: proxy === null ? DIRECT : { kind: 'proxy', proxy },
          },
          signal,
        ),
    },
    ...options,
  });
  open.unshift({ close: () => manager.stop() });
  return manager;
}

const urlOf = ({ protocol, host, port, username, password }: ProxyAddress) =>
  `${protocol}://${username === null ? '' : `${username}:${password}@`}${host}:${port}`;

const rowOf = async (id: number) => {
  const [row] = await server.context.db.query<{
    status: string;
    last_error: string | null;
    exit_address: string | null;
    header_leaks: string[];
    next_in: number;
    checked: boolean;
  }>(
    `select *, extract(epoch from next_check_at - clock_timestamp())::float8 as next_in, last_checked_at is not null as checked
     from proxy_pool where id = $1`,
    [id],
  );
  return row;
};

/** Waits until a check has said something about the proxy, and gives its row. */
async function checked(manager: ProxyManager, address: ProxyAddress) {
  const { id } = await manager.addProxy(urlOf(address));
  manager.startHealthChecks();
  await waitFor(async () => (await rowOf(id))?.last_error ?? (await rowOf(id))?.status === 'active', {
    timeoutMs: 15_000,
  });
  return rowOf(id);
}

describe('a working proxy', () => {
  it.each(['http', 'socks5'] as const)(
    'over %s becomes active, with its exit address, and is then left alone',
    async (protocol) => {
      const proxy = await startProxy({ credentials: { username: 'user', password: 'hidden' } }, protocol);
      const row = await checked(openManager(), proxy.address);
      expect(row).toMatchObject({ status: 'active', exit_address: '198.35.26.96', last_error: null, checked: true });
      expect(row?.next_in).toBeGreaterThan(250);
      // Two checks of two requests each.
      expect(proxy.tunnels).toEqual(Array.from({ length: 4 }, () => dashboard.host));
      const nonces = dashboard.paths().map((path) => new URL(path, dashboard.origin).searchParams.get('nonce'));
      expect(new Set(nonces).size).toBe(nonces.length);
    },
  );

  it('is not checked by a process that was not told to', async () => {
    const proxy = await startProxy();
    const idle = openManager();
    const { id } = await idle.addProxy(urlOf(proxy.address));
    idle.nudge();
    expect(await idle.checkNow(id)).toBe('testing');
    await idle.stop();
    expect(dashboard.asked).toEqual([]);
  });

  it('is checked by one of several workers', async () => {
    const proxy = await startProxy();
    const managers = [openManager(), openManager(), openManager()];
    for (const manager of managers) manager.startHealthChecks();
    expect(await checked(openManager(), proxy.address)).toMatchObject({ status: 'active' });
    expect(proxy.tunnels).toHaveLength(4);
  });

  it('that shows who is behind it is recorded with what it shows', async () => {
    const proxy = await startProxy();
    const leaky = new HttpClient({ userAgent: 'EkoLeadBot', allow });
    open.push(leaky);
    const manager = openManager({
      check: {
        echoUrl: `${dashboard.origin}/api/echo`,
        send: (url, endpoint, timeoutMs, signal) =>
          leaky.send(
            {
              url: new URL(url),
              method: 'GET',
              // As a proxy that looks into the tunnel would add them.
              headers: endpoint === null ? {} : { via: '1.1 cellar', 'x-forwarded-for': '10.0.0.7, 93.184.216.34' },
              timeoutMs,
              route: endpoint === null ? DIRECT : { kind: 'proxy', proxy: endpoint },
            },
            signal,
          ),
      },
    });
    expect(await checked(manager, proxy.address)).toMatchObject({
      exit_address: '93.184.216.34',
      header_leaks: ['via', 'x-forwarded-for'],
    });
  });
});

describe('a proxy that does not work', () => {
  it.each<[string, FaultProxyOptions, RegExp]>([
    ['serves its own page', { mode: 'own-page' }, /./],
    ['sends its own page into the tunnel', { mode: 'page-in-tunnel' }, /./],
    ['asks for another password', { mode: 'refuses-credentials' }, /407|credentials/i],
    ['answers 502', { mode: 'bad-gateway' }, /502/],
    ['closes at once', { mode: 'closes' }, /./],
    ['speaks another protocol', { mode: 'garbage' }, /./],
    ['closes the tunnel', { mode: 'dies-after-tunnel' }, /./],
    ['never answers', { mode: 'stalls' }, /./],
  ])('because it %s cools off, and says why', async (_what, options, reason) => {
    const proxy = await startProxy(options);
    const row = await checked(openManager(), proxy.address);
    expect(row).toMatchObject({ status: 'cooling', exit_address: null, checked: true });
    expect(row?.last_error).toMatch(reason);
  });

  it('because nobody is there cools off', async () => {
    const proxy = await startDeadProxy('http');
    allow.push(proxy.host);
    expect(await checked(openManager(), proxy.address)).toMatchObject({ status: 'cooling' });
  });

  it('comes back by itself when it works again', async () => {
    const proxy = await startProxy({ mode: 'bad-gateway' });
    const manager = openManager();
    const { id } = await manager.addProxy(urlOf(proxy.address));
    manager.startHealthChecks();
    await waitFor(async () => (await rowOf(id))?.status === 'cooling', { timeoutMs: 15_000 });
    proxy.options.mode = 'works';
    await manager.checkNow(id);
    await waitFor(async () => (await rowOf(id))?.status === 'active', { timeoutMs: 15_000 });
  });

  it('is not blamed by a machine that has another key than the dashboard: it checks nothing', async () => {
    const manager = openManager({ key: randomBytes(32) });
    const proxy = await startProxy();
    const { id } = await manager.addProxy(urlOf(proxy.address));
    manager.startHealthChecks();
    await waitFor(() => dashboard.asked.length > 0);
    await manager.stop();
    expect(await rowOf(id)).toMatchObject({ status: 'testing', checked: false, last_error: null });
    expect(proxy.tunnels).toEqual([]);
  });
});

describe('a check that may fail because of us', () => {
  it('blames no proxy while the dashboard is down', async () => {
    const gone = await startFixtureSite({});
    await gone.close();
    allow.push(gone.host);
    const proxy = await startProxy();
    const manager = openManager({ echoUrl: `${gone.origin}/api/echo` });
    const row = await checked(manager, proxy.address);
    expect(row).toMatchObject({ status: 'testing', checked: false });
    expect(row?.last_error).toMatch(/does not answer without a proxy either.*EKO_ECHO_URL/);
  });

  it('names EKO_ECHO_URL when a proxy elsewhere cannot reach this machine’s own address', async () => {
    const manager = openManager({
      check: {
        echoUrl: `${dashboard.origin}/api/echo`,
        send: async (url, proxy, timeoutMs, signal) =>
          proxy === null
            ? client.send({ url: new URL(url), method: 'GET', headers: {}, timeoutMs, route: DIRECT }, signal)
            : {
                kind: 'failed',
                failure: 'proxy-refused',
                message: 'The proxy answers CONNECT with 502',
                durationMs: 5,
              },
      },
    });
    const { id } = await manager.addProxy('http://proxy.example.com:8080');
    manager.startHealthChecks();
    await waitFor(async () => (await rowOf(id))?.last_error);
    expect(await rowOf(id)).toMatchObject({
      status: 'testing',
      last_error: expect.stringMatching(/can only be reached from this machine: set EKO_ECHO_URL/),
    });
  });
});

describe('passwords', () => {
  it('never come out: not in rows, errors, events or logs', async () => {
    const secret = 'pa55-w0rd-that-nobody-sees';
    const lines: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line) => lines.push(line) });
    const proxies = [
      await startProxy({ credentials: { username: 'user', password: secret } }),
      await startProxy({ mode: 'refuses-credentials' }),
      await startProxy({ mode: 'garbage' }, 'socks5'),
    ];
    const manager = openManager({ logger });
    for (const proxy of proxies) {
      await manager.addProxy(urlOf({ ...proxy.address, username: 'user', password: secret }));
    }
    const { problems } = await manager.importProxies(`proxy.example.com:x:user:${secret}\nhttp://user:${secret}`);
    manager.startHealthChecks();
    const settled = async () => {
      const rows = await server.context.db.query(`select 1 from proxy_pool where status in ('active', 'cooling')`);
      return rows.length === 3;
    };
    await waitFor(settled, { timeoutMs: 15_000 });
    const rows = await server.context.db.query('select * from proxy_pool');
    const refusal: unknown = await manager
      .addProxy(`ftp://user:${secret}@proxy.example.com`)
      .catch((error: unknown) => error);
    expect(lines.length).toBeGreaterThan(0);
    expect(inspectAll([rows, problems, refusal, lines])).not.toContain(secret);
  });
});

/** Everything that is in a value, an error's hidden properties too. */
function inspectAll(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null });
}
