import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { NoProxyError } from '#lib/errors.ts';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { countByStatus, insertProxies } from '#test/proxy-rows.ts';
import { waitFor } from '#test/wait-for.ts';
import { ProxyManager, type ProxyManagerOptions } from './proxy-manager.ts';
import type { ProxyLease, ProxyRequest, ProxyUse } from './proxy-routes.ts';

const key = randomBytes(32);
let test: TestDatabase;
const opened: ProxyManager[] = [];
beforeAll(async () => {
  test = await createTestDatabase();
});
beforeEach(() => test.db.query('truncate proxy_pool, proxy_host_bans, host_pacing'));
afterEach(async () => {
  for (const manager of opened.splice(0)) await manager.stop();
});
afterAll(() => test.drop());

function open(options: Partial<ProxyManagerOptions> = {}): ProxyManager {
  const manager = new ProxyManager({ db: test.db, key, logger: silentLogger(), flushIntervalMs: 20, ...options });
  opened.push(manager);
  return manager;
}

const request = (change: Partial<ProxyRequest> = {}): ProxyRequest => ({
  hostKey: 'example.com',
  stickyKey: 'session 1',
  maxTier: 100,
  uncheckedToo: false,
  avoid: [],
  ...change,
});
const use = (effect: ProxyUse['effect'], error?: string): ProxyUse => ({
  effect,
  durationMs: 70,
  ...(error ? { error } : {}),
});
/** Takes a proxy and gives it back as used without any effect. */
const peek = async (manager: ProxyManager, change: Partial<ProxyRequest> = {}): Promise<number> => {
  const lease = await manager.acquire(request(change));
  await lease.report(use('neutral'));
  return lease.proxy.id;
};
const row = async (id: number) => {
  const [found] = await test.db.query('select * from proxy_pool where id = $1', [id]);
  return found;
};

describe('acquire', () => {
  it('gives an endpoint that can be connected to', async () => {
    const manager = open();
    const { id } = await manager.addProxy('socks5://user:hidden@proxy.example.com:1080');
    const { proxy } = await manager.acquire(request({ uncheckedToo: true }));
    expect(proxy).toEqual({
      id,
      protocol: 'socks5',
      host: 'proxy.example.com',
      port: 1080,
      username: 'user',
      password: 'hidden',
    });
  });

  it('takes no proxy that was not found to work, unless the source says so', async () => {
    const manager = open();
    for (const status of ['testing', 'cooling', 'failed', 'disabled'] as const) {
      await insertProxies(test.db, 1, { status });
    }
    await expect(manager.acquire(request())).rejects.toBeInstanceOf(NoProxyError);
    const id = await peek(manager, { uncheckedToo: true });
    expect(await row(id)).toMatchObject({ status: 'testing' });
  });

  it('prefers the lowest tier, and stays within that of the source', async () => {
    const [high = 0] = await insertProxies(test.db, 1, { tier: 5 });
    const [low = 0] = await insertProxies(test.db, 1, { tier: 1, maxInflight: 1 });
    const manager = open();
    const first = await manager.acquire(request({ stickyKey: 'a' }));
    expect(first.proxy.id).toBe(low);
    expect((await manager.acquire(request({ stickyKey: 'b' }))).proxy.id).toBe(high);
    await expect(manager.acquire(request({ stickyKey: 'c', maxTier: 4 }))).rejects.toMatchObject({
      message: expect.stringMatching(/1 in full use; 1 of a higher tier/),
      retryAfterMs: 2_000,
    });
    await first.report(use('neutral'));
    expect(await peek(manager, { stickyKey: 'c' })).toBe(low);
  });

  it('lets no more requests through a proxy at once than it may have, and each gives its place back once', async () => {
    await insertProxies(test.db, 3, { maxInflight: 2 });
    const manager = open();
    const take = (index: number) => manager.acquire(request({ stickyKey: `session ${index}` }));
    const leases = await Promise.all(Array.from({ length: 6 }, (_, index) => take(index)));
    const counts = Map.groupBy(leases, (lease) => lease.proxy.id);
    expect([...counts.values()].map((group) => group.length)).toEqual([2, 2, 2]);
    await expect(take(6)).rejects.toBeInstanceOf(NoProxyError);
    await leases[0]?.report(use('neutral'));
    await leases[0]?.report(use('neutral'));
    expect((await take(7)).proxy.id).toBe(leases[0]?.proxy.id);
    await expect(take(8)).rejects.toBeInstanceOf(NoProxyError);
  });

  it('spreads keys over the pool, and each keeps its proxy until that one fails', async () => {
    await insertProxies(test.db, 10, { maxInflight: 100 });
    const manager = open();
    const keys = Array.from({ length: 40 }, (_, index) => `session ${index}`);
    const first = new Map<string, number>();
    for (const stickyKey of keys) first.set(stickyKey, await peek(manager, { stickyKey }));
    expect(new Set(first.values()).size).toBeGreaterThan(5);
    for (const stickyKey of keys) expect(await peek(manager, { stickyKey })).toBe(first.get(stickyKey));
    const lease = await manager.acquire(request({ stickyKey: keys[0] ?? '' }));
    await lease.report(use('half-fault'));
    const next = await peek(manager, { stickyKey: keys[0] ?? '', avoid: [lease.proxy.id] });
    expect(next).not.toBe(lease.proxy.id);
    expect(await peek(manager, { stickyKey: keys[0] ?? '' })).toBe(next);
  });

  it('passes over proxies that this page had already, as long as there are others', async () => {
    const [first = 0, second = 0] = await insertProxies(test.db, 2);
    const manager = open();
    expect(await peek(manager, { avoid: [first] })).toBe(second);
    expect([first, second]).toContain(await peek(manager, { avoid: [first, second] }));
    await manager.disableProxy(second);
    await expect(manager.acquire(request({ avoid: [first] }))).resolves.toMatchObject({
      proxy: { id: first },
    });
  });

  it('sees within seconds what another process does to the pool, and at once what it does itself', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    const manager = open();
    const other = open();
    expect(await peek(manager)).toBe(id);
    await other.disableProxy(id);
    await expect(other.acquire(request())).rejects.toBeInstanceOf(NoProxyError);
    await waitFor(
      () =>
        manager.acquire(request()).then(
          () => false,
          () => true,
        ),
      { timeoutMs: 10_000 },
    );
  });

  it('goes on with the pool as it was while the database is away for a moment', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    const db = createDb({ connectionString: test.url, applicationName: 'eko-test-lost', max: 2 });
    const manager = open({ db });
    expect(await peek(manager)).toBe(id);
    await manager.stop();
    await db.close();
    // Asks the database anew, and fails.
    await manager.setTier(id, 3).catch(() => {});
    expect((await manager.acquire(request())).proxy.id).toBe(id);
  });
});

describe('without a usable proxy', () => {
  it('says how many there are in which state, and asks to come back within half a minute', async () => {
    const manager = open();
    await expect(manager.acquire(request())).rejects.toMatchObject({
      code: 'no_proxy',
      message: expect.stringContaining('the pool is empty'),
    });
    await insertProxies(test.db, 3, { status: 'cooling' });
    await insertProxies(test.db, 2, { status: 'failed' });
    const error: unknown = await manager.acquire(request()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoProxyError);
    expect(error).toMatchObject({ message: expect.stringMatching(/"example\.com".*3 cooling/) });
    expect(error).toMatchObject({ message: expect.stringContaining('2 failed') });
    expect((error as NoProxyError).retryAfterMs).toBeLessThanOrEqual(30_000);
    expect((error as NoProxyError).retryAfterMs).toBeGreaterThanOrEqual(1_000);
  });

  it('says that a machine which knows no endpoint to check by checks nothing', async () => {
    await insertProxies(test.db, 1, { status: 'testing' });
    await expect(open().acquire(request())).rejects.toThrow(
      /1 testing; this machine checks none, since EKO_ECHO_URL is not set/,
    );
  });

  it('names passwords that this machine cannot read, and that it checks nothing; other proxies work there', async () => {
    await open().addProxy('http://user:hidden@proxy.example.com:8080');
    await test.db.query(`update proxy_pool set status = 'active'`);
    await insertProxies(test.db, 1, { status: 'testing' });
    const keyless = open({ key: null });
    keyless.startHealthChecks();
    await expect(keyless.acquire(request())).rejects.toThrow(
      /1 with a password that this machine cannot read.*this machine checks none, since EKO_SECRET_KEY is not set/,
    );
    const [id] = await insertProxies(test.db, 1);
    await waitFor(async () => (await peek(keyless)) === id, { timeoutMs: 10_000 });
  });
});

describe('report', () => {
  it('of two processes adds up, without a write per request', async () => {
    const [id = 0] = await insertProxies(test.db, 1, { maxInflight: 1_000 });
    const [a, b] = [open({ flushIntervalMs: 60_000 }), open({ flushIntervalMs: 60_000 })];
    for (let round = 0; round < 50; round += 1) {
      for (const manager of [a, b]) await (await manager.acquire(request())).report(use('success'));
    }
    expect(await row(id)).toMatchObject({ success_count: 0, samples: [] });
    await Promise.all([a.stop(), b.stop()]);
    expect(await row(id)).toMatchObject({ success_count: 100, success_rate: 1, avg_response_time_ms: 70 });
  });

  it('of three faults in a row takes a proxy out at once, for this process and the others', async () => {
    const [bad = 0] = await insertProxies(test.db, 1, { tier: 0 });
    const [good = 0] = await insertProxies(test.db, 1, { tier: 1 });
    const manager = open({ flushIntervalMs: 60_000 });
    for (let round = 0; round < 3; round += 1) {
      const lease = await manager.acquire(request({ stickyKey: `session ${round}` }));
      expect(lease.proxy.id).toBe(bad);
      await lease.report(use('fault', 'Connection refused'));
    }
    await waitFor(async () => (await row(bad))?.status === 'cooling');
    expect(await row(bad)).toMatchObject({ last_error: 'Connection refused', failure_count: 3 });
    await waitFor(async () => (await peek(manager, { stickyKey: 'next' })) === good);
    expect(await peek(open())).toBe(good);
  });

  it('of two refused passwords gives a proxy up', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    const manager = open();
    const leases = [await manager.acquire(request()), await manager.acquire(request())];
    for (const lease of leases) await lease.report(use('bad-credentials', 'HTTP 407'));
    await waitFor(async () => (await row(id))?.status === 'failed');
  });

  it('of a ban is in force for all when it resolves, at that host only', async () => {
    const [first = 0] = await insertProxies(test.db, 5, { maxInflight: 1 });
    const manager = open();
    const lease = await manager.acquire(request());
    await lease.report(use('ban', 'HTTP 403'));
    expect(await test.db.query('select proxy_id, host_key, reason, level from proxy_host_bans')).toEqual([
      { proxy_id: lease.proxy.id, host_key: 'example.com', reason: 'HTTP 403', level: 0 },
    ]);
    for (const process of [manager, open()]) {
      const leases = await Promise.all(
        Array.from({ length: 4 }, (_, index) => process.acquire(request({ stickyKey: `session ${index}` }))),
      );
      expect(leases.map(({ proxy }) => proxy.id)).not.toContain(lease.proxy.id);
      await expect(process.acquire(request({ stickyKey: 'x' }))).rejects.toThrow(
        /1 refused by this site; 4 in full use/,
      );
      await Promise.all(leases.map(({ report }) => report(use('neutral'))));
      expect(await peek(process, { hostKey: 'other.example.com', avoid: range(first, lease.proxy.id) })).toBe(
        lease.proxy.id,
      );
    }
  });

  /** The five ids from `first` on, without one. */
  const range = (first: number, without: number) =>
    Array.from({ length: 5 }, (_, index) => first + index).filter((id) => id !== without);

  it('of an answer lowers the level of a ban that is over', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    await test.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, until, level, reason)
       values ($1, 'example.com', now() - interval '1 minute', 2, 'HTTP 403')`,
      [id],
    );
    const manager = open();
    const levels = () => test.db.query('select level from proxy_host_bans');
    for (const expected of [[{ level: 1 }], [{ level: 0 }], []]) {
      const lease = await manager.acquire(request());
      await lease.report(use('success'));
      await waitFor(async () => JSON.stringify(await levels()) === JSON.stringify(expected));
    }
  });

  it('never rejects, and keeps a ban to itself that cannot be written', async () => {
    const ids = await insertProxies(test.db, 2);
    const db = createDb({ connectionString: test.url, applicationName: 'eko-test-lost', max: 2 });
    const manager = open({ db });
    const lease = await manager.acquire(request());
    await db.close();
    await lease.report(use('ban', 'HTTP 403'));
    expect(await test.db.query('select 1 from proxy_host_bans')).toEqual([]);
    expect(await peek(manager)).toBe(ids.find((id) => id !== lease.proxy.id));
  });
});

describe('a host that refuses every proxy', () => {
  it('is paused with a reason, while at least 90 % of the pool stays active', async () => {
    await insertProxies(test.db, 20);
    const managers = [open(), open()];
    let refused = 0;
    /** What the pacer asks before each request. */
    const pauseReason = async () => {
      const [host] = await test.db.query<{ pause_reason: string }>(
        `select pause_reason from host_pacing where host_key = 'example.com' and paused_until > clock_timestamp()`,
      );
      return host?.pause_reason ?? null;
    };
    const scrape = async (session: number): Promise<void> => {
      const manager = managers[session % 2] ?? open();
      for (let page = 0; page < 10 && (await pauseReason()) === null; page += 1) {
        const lease: ProxyLease = await manager.acquire(request({ stickyKey: `session ${session}` }));
        refused += 1;
        await lease.report(use('ban', 'HTTP 403'));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, session) => scrape(session)));
    expect(await pauseReason()).toMatch(
      /^\d+ proxies were refused within 10 minutes: the site refuses us, not the proxies$/,
    );
    // Three are enough; those under way at that moment come on top.
    expect(refused).toBeLessThanOrEqual(3 + 8);
    for (const manager of managers) await manager.stop();
    expect(await countByStatus(test.db)).toEqual({ active: 20 });
    const elsewhere = open();
    for (let round = 0; round < 20; round += 1) {
      const lease = await elsewhere.acquire(request({ hostKey: 'other.example.com', stickyKey: `session ${round}` }));
      await lease.report(use('success'));
    }
  });
});
