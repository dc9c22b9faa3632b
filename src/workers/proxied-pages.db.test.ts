import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '#lib/logger.ts';
import { startDeadProxy, startFaultProxy } from '#test/fault-proxy.ts';
import { type FaultProxy, type FaultProxyOptions, OWN_PAGE } from '#test/fault-proxy-modes.ts';
import { createFetchBed, newSession, type TestSession, text } from '#test/fetch-bed.ts';
import type { FixtureRoute, FixtureSite } from '#test/fixture-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { countByStatus } from '#test/proxy-rows.ts';
import { waitFor } from '#test/wait-for.ts';
import { SharedHostPacer } from './fetch/host-pacer-shared.ts';
import { PgRobotsStore } from './fetch/robots-store.ts';
import { PgSlotStore } from './fetch/slot-store.ts';
import { ProxyManager } from './proxy/proxy-manager.ts';

const key = randomBytes(32);
const bed = createFetchBed();
const running: FaultProxy[] = [];
let database: TestDatabase;
let manager: ProxyManager | null = null;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate proxy_pool, proxy_host_bans, host_pacing, host_slots, robots_cache'));
afterEach(async () => {
  await manager?.stop();
  await bed.close();
  for (const proxy of running.splice(0)) await proxy.close();
});
afterAll(() => database.drop());

async function startProxies(count: number, options: FaultProxyOptions = {}, protocol: 'http' | 'socks5' = 'http') {
  const started = await Promise.all(Array.from({ length: count }, () => startFaultProxy(protocol, options)));
  running.push(...started);
  return started;
}

/** A fetch stack with the given proxies in the pool, checked and found to work. */
async function stackOf(site: FixtureSite, proxies: readonly FaultProxy[]) {
  const allowAddresses = [site.host, ...proxies.map((proxy) => proxy.host)];
  manager = new ProxyManager({ db: database.db, key, logger: silentLogger(), flushIntervalMs: 20, allowAddresses });
  for (const { address } of proxies) {
    const user = address.username === null ? '' : `${address.username}:${address.password}@`;
    await manager.addProxy(`${address.protocol}://${user}${address.host}:${address.port}`);
  }
  await database.db.query(`update proxy_pool set status = 'active', success_rate = 1`);
  return bed.newFetcher([], {
    allowAddresses,
    pacer: new SharedHostPacer({ slots: new PgSlotStore(database.db) }),
    robots: new PgRobotsStore(database.db),
    proxies: manager,
    patience: { refusedMs: 1, layoutMs: 1 },
  });
}

const proxied = (sessionId = 1, config: Record<string, unknown> = {}): TestSession =>
  newSession({ useProxy: true, ...config }, sessionId);
const tunnelsOf = (proxies: readonly FaultProxy[]) => proxies.reduce((sum, proxy) => sum + proxy.tunnels.length, 0);

describe('a page through the pool', () => {
  it.each(['http', 'socks5'] as const)(
    'goes through %s, and so does robots.txt, by one proxy for all of a session',
    async (protocol) => {
      const site = await bed.startSite({ '/*': text('page') });
      const proxies = await startProxies(3, { credentials: { username: 'ann', password: 'secret word' } }, protocol);
      const fetcher = await stackOf(site, proxies);
      const session = proxied();
      for (const path of ['/a', '/b', '/c']) {
        expect(await fetcher.fetchPage(site.origin + path, {}, session)).toMatchObject({ text: 'page' });
      }
      expect(site.paths()).toEqual(['/robots.txt', '/a', '/b', '/c']);
      expect(proxies.filter((proxy) => proxy.tunnels.length > 0)).toHaveLength(1);
      // One connection carries all four requests.
      expect(tunnelsOf(proxies)).toBe(1);
      expect(session.stats.proxyUsed).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(session.records.every((record) => record.proxy === session.stats.proxyUsed)).toBe(true);
    },
  );

  const faults: [string, FaultProxyOptions][] = [
    ['stalls', { mode: 'stalls' }],
    ['refuses its credentials', { mode: 'refuses-credentials' }],
    ['answers 502', { mode: 'bad-gateway' }],
    ['answers 403', { mode: 'forbidden' }],
    ['closes during CONNECT', { mode: 'closes' }],
    ['resets during CONNECT', { mode: 'resets' }],
    ['serves its own page behind 200', { mode: 'page-in-tunnel' }],
    ['serves its own page for everything', { mode: 'own-page' }],
    ['speaks garbage', { mode: 'garbage' }],
    ['drips', { mode: 'drips' }],
    ['never ends its header', { mode: 'endless-header' }],
    ['dies after the tunnel is open', { mode: 'dies-after-tunnel' }],
    ['dies in the middle of a body', { mode: 'dies-mid-body', dieAfterBytes: 100 }],
  ];
  it.each(faults)(
    'is never what a proxy says that %s, and asks for at most two tunnels a request',
    async (_name, options) => {
      const site = await bed.startSite({ '/*': text('page'.repeat(500)) });
      const proxies = await startProxies(3, { credentials: { username: 'ann', password: 'pw' }, ...options });
      const fetcher = await stackOf(site, proxies);
      const session = proxied(1, { timeout: 1_500, maxRetries: 1 });
      const startedAt = performance.now();
      const error = await fetcher.fetchPage(`${site.origin}/a`, {}, session).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(['proxy_failed', 'no_proxy', 'network', 'host_not_ready']).toContain(error.code);
      expect(JSON.stringify(session.records) + error.message).not.toContain(OWN_PAGE);
      // robots.txt and its second try, each with two proxies at most; on top of their deadlines, what a busy machine takes.
      expect(performance.now() - startedAt).toBeLessThan(4 * 5_000);
      expect(tunnelsOf(proxies)).toBeLessThanOrEqual(4);
      // What reached the site came through a tunnel; nothing went direct.
      expect(site.asked.length).toBeLessThanOrEqual(tunnelsOf(proxies));
      expect(site.paths()).not.toContain('/a');
    },
  );

  it('waits without a request to the site while all proxies are dead, and goes on when one is back', async () => {
    const site = await bed.startSite({ '/*': text('page') });
    const dead = await Promise.all([startDeadProxy('http'), startDeadProxy('socks5')]);
    const [alive] = await startProxies(1);
    if (!alive) throw new Error('no proxy was started');
    const fetcher = await stackOf(site, [...dead, alive]);
    await database.db.query(`update proxy_pool set status = 'disabled' where port = $1`, [alive.address.port]);
    for (let round = 0; round < 6; round += 1) {
      const error = await fetcher.fetchPage(`${site.origin}/a`, {}, proxied(round)).catch((thrown) => thrown);
      expect(['proxy_failed', 'no_proxy']).toContain(error.code);
      expect(error.disposition).toBe('snooze');
      expect(error.retryAfterMs).toBeLessThanOrEqual(30_000);
    }
    expect(site.asked).toEqual([]);
    await waitFor(async () => (await countByStatus(database.db)).active === undefined, {
      what: 'dead proxies to cool',
    });
    await database.db.query(`update proxy_pool set status = 'active' where port = $1`, [alive.address.port]);
    const page = await waitFor(() => fetcher.fetchPage(`${site.origin}/a`, {}, proxied(9)).catch(() => null), {
      what: 'the page through the proxy that is back',
    });
    expect(page).toMatchObject({ text: 'page' });
  });

  it('gives its place on a dead proxy back when the pool cannot be asked for another one', async () => {
    const site = await bed.startSite({ '/*': text('page') });
    const dead = await startDeadProxy('http');
    await stackOf(site, [dead]);
    await database.db.query('update proxy_pool set max_inflight = 1');
    const pool = manager as ProxyManager;
    const fetcher = bed.newFetcher([site], {
      allowAddresses: [site.host, dead.host],
      proxies: {
        async acquire(request) {
          if (request.avoid.length > 0) throw new Error('Connection terminated unexpectedly');
          return await pool.acquire(request);
        },
      },
    });
    await expect(fetcher.fetchPage(`${site.origin}/a`, {}, proxied())).rejects.toThrow('Connection terminated');
    const request = { hostKey: site.host, stickyKey: 'another', maxTier: 100, uncheckedToo: true, avoid: [] };
    const lease = await pool.acquire(request);
    expect(lease.proxy.port).toBe(dead.address.port);
    await lease.report({ effect: 'neutral', durationMs: 0 });
  });

  it('goes direct without a usable proxy only where its source says so', async () => {
    const site = await bed.startSite({ '/*': text('page') });
    const fetcher = await stackOf(site, []);
    await expect(fetcher.fetchPage(`${site.origin}/a`, {}, proxied())).rejects.toMatchObject({ code: 'no_proxy' });
    expect(site.asked).toEqual([]);
    const session = proxied(2, { allowDirect: true });
    expect(await fetcher.fetchPage(`${site.origin}/a`, {}, session)).toMatchObject({ text: 'page' });
    expect(session.records.every((record) => record.proxy === null)).toBe(true);
  });
});

describe('a host that is down', () => {
  it('does not empty the pool, whichever proxies say so', async () => {
    const site = await bed.startSite({});
    await site.close();
    const proxies = await startProxies(6);
    const fetcher = await stackOf(site, proxies);
    for (let session = 1; session <= 8; session += 1) {
      const error = await fetcher.fetchPage(`${site.origin}/a`, {}, proxied(session)).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'host_not_ready', disposition: 'snooze' });
    }
    await manager?.stop();
    expect(await countByStatus(database.db)).toEqual({ active: 6 });
    expect(tunnelsOf(proxies)).toBeLessThanOrEqual(2);
  });
});

describe('a host that refuses', () => {
  it('is paused after three proxies, with a reason for people, and the pool stays as it is', async () => {
    const site = await bed.startSite({ '/robots.txt': text('', 404), '/*': text('go away', 403) });
    const proxies = await startProxies(20);
    const fetcher = await stackOf(site, proxies);
    const codes: string[] = [];
    for (let session = 1; session <= 6; session += 1) {
      const error = await fetcher.fetchPage(`${site.origin}/a`, {}, proxied(session)).catch((thrown) => thrown);
      codes.push(error.code);
    }
    // The first session meets two proxies' refusal, the second the third; then nobody asks any more.
    expect(codes.slice(2)).toEqual(codes.slice(2).map(() => 'host_not_ready'));
    expect(site.paths().filter((path) => path === '/a').length).toBeLessThanOrEqual(4);
    const [host] = await database.db.query<{ pause_reason: string; minutes: number }>(
      `select pause_reason, extract(epoch from paused_until - clock_timestamp())::float8 / 60 as minutes from host_pacing`,
    );
    expect(host?.pause_reason).toContain('the site refuses us');
    expect(host?.minutes).toBeGreaterThan(29);
    expect(await countByStatus(database.db)).toEqual({ active: 20 });
  });

  it('is not left for later where there is no other proxy now: its refusal is the answer', async () => {
    const site = await bed.startSite({ '/robots.txt': text('', 404), '/*': text('go away', 403) });
    const fetcher = await stackOf(site, await startProxies(5));
    // The others were refused an hour ago.
    await database.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, banned_at, until, level, reason)
       select id, $1, clock_timestamp() - interval '1 hour', clock_timestamp() + interval '1 hour', 1, 'status 403'
       from proxy_pool where id > (select min(id) from proxy_pool)`,
      [site.host],
    );
    await expect(fetcher.fetchPage(`${site.origin}/a`, {}, proxied())).rejects.toMatchObject({
      code: 'blocked',
      disposition: 'fail',
      context: { status: 403, tries: 1 },
    });
    expect(site.paths().filter((path) => path === '/a')).toHaveLength(1);
  });

  it('is paused when it refuses the only proxy, and the page ends with that', async () => {
    const site = await bed.startSite({ '/robots.txt': text('', 404), '/*': text('go away', 403) });
    const fetcher = await stackOf(site, await startProxies(1));
    const ask = (session: number) =>
      fetcher.fetchPage(`${site.origin}/a`, {}, proxied(session)).catch((thrown) => thrown);
    expect(await ask(1)).toMatchObject({ code: 'blocked', disposition: 'fail' });
    expect(await ask(2)).toMatchObject({ code: 'host_not_ready' });
    expect(site.paths().filter((path) => path === '/a')).toHaveLength(1);
  });

  it('is asked through one other proxy at most for one page', async () => {
    const refusal: FixtureRoute = text('go away', 403);
    const site = await bed.startSite({ '/robots.txt': text('', 404), '/*': refusal });
    const fetcher = await stackOf(site, await startProxies(10));
    const session = proxied();
    await expect(fetcher.fetchPage(`${site.origin}/a`, {}, session)).rejects.toMatchObject({ code: 'blocked' });
    const refused = session.records.filter(({ verdict }) => verdict === 'blocked');
    expect(refused).toHaveLength(2);
    expect(new Set(refused.map(({ proxyId }) => proxyId)).size).toBe(2);
  });
});
