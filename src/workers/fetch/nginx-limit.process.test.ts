import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#lib/db/create-db.ts';
import { startFaultProxy } from '#test/fault-proxy.ts';
import type { FaultProxy } from '#test/fault-proxy-modes.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type Nginx, type NginxRequest, startNginx } from '#test/nginx.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { findPeer } from '#test/require-peer.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue, type NewSession } from '#workers/queue/job-queue.ts';
import { SharedHostPacer } from './host-pacer-shared.ts';
import { PgSlotStore } from './slot-store.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const LONG = process.env.LONG_RUN === '1';
const SESSIONS = LONG ? 200 : 12;
const PAGES = 3;
/** Sizes of the pool; 0 goes without. The short form takes the harder one. */
const POOLS = LONG ? [0, 50] : [50];

/** What the source promises, and exactly what nginx allows. */
const FLOOR_MS = LONG ? 400 : 1_000;
const RATE_PER_MINUTE = 60_000 / FLOOR_MS;

/**
 * What the murder of half of the workers may cost: the one that held the slot may have asked just then, so its host rests for a
 * gap from the moment that its manager has seen it die.
 */
const KILL_ALLOWANCE_MS = FLOOR_MS + 1_000;

/** How much of the rate is to be used, in percent. A machine that does other things too takes more for the four kills at once. */
const USED_MIN = LONG ? 97 : 93;

/** For each half of the work; several times what it takes. */
const STAGE_TIMEOUT_MS = LONG ? 600_000 : 120_000;

const program = findPeer('nginx');
const never = new AbortController().signal;

/**
 * How much of the allowed rate was used between the first request and the last, outside of what is allowed for.
 * @param lostShare what the machine takes of each ms.
 */
function usedShare(requests: readonly NginxRequest[], lostShare: number): number {
  const spanMs = (requests.at(-1)?.sentAtMs ?? 0) - (requests[0]?.sentAtMs ?? 0);
  return ((requests.length - 1) * FLOOR_MS) / (spanMs * (1 - lostShare) - KILL_ALLOWANCE_MS);
}

/**
 * Asks a host of its own in the same pace, alone, until it is stopped. What it loses, the machine takes: with nothing else to
 * do, that is a few ms a request.
 */
function startLoneWorker(db: Db, url: string) {
  const pacer = new SharedHostPacer({ slots: new PgSlotStore(db) });
  const slot = { hostKey: 'lone', workerId: 'lone', sessionId: null, robotsMs: 0, maxInflight: 1, timeoutMs: 10_000 };
  const askedAt: number[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const held = await pacer.reserve({ ...slot, floorMs: FLOOR_MS }, never);
      askedAt.push(performance.now());
      await askOnce(url);
      held.noteAnswer();
      await held.release({ kind: 'served' });
    }
  })();
  return {
    /** What it has lost so far of each ms. */
    async stop(): Promise<number> {
      stopped = true;
      await running;
      const spanMs = (askedAt.at(-1) ?? 0) - (askedAt[0] ?? 0);
      return 1 - ((askedAt.length - 1) * FLOOR_MS) / spanMs;
    },
  };
}

function askOnce(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

function smallestGapMs(requests: readonly NginxRequest[]): number {
  return Math.min(...requests.slice(1).map((next, index) => next.sentAtMs - (requests[index]?.sentAtMs ?? 0)));
}

interface Crawl {
  requests: NginxRequest[];
  completed: number;
  /** What the machine took of each ms meanwhile. */
  lostShare: number;
}

describe.skipIf(program === null)('a site that allows exactly the rate promised', () => {
  let database: TestDatabase;
  let nginx: Nginx;
  let loneSite: Nginx;
  const managers: ManagerProcess[] = [];
  const proxies: FaultProxy[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    nginx = await startNginx(program ?? '', { ratePerMinute: RATE_PER_MINUTE, json: ['a', 'b'] });
    loneSite = await startNginx(program ?? '', { ratePerMinute: RATE_PER_MINUTE, json: [] });
  });
  afterEach(async () => {
    await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
    await nginx?.stop();
    await loneSite?.stop();
    await database?.drop();
  });

  /** Half of the sessions know which host they ask first, the others find out. */
  function sessionsToRun(): NewSession[] {
    return Array.from({ length: SESSIONS }, (_, index) => ({
      source: 'permits',
      location: `Place ${index}`,
      params: { do: 'pages', origin: nginx.origin, count: PAGES },
      ...(index % 2 === 0 ? { hostKey: nginx.address } : {}),
    }));
  }

  /** Proxies that work, and were found to. */
  async function fillPool(count: number): Promise<void> {
    proxies.push(...(await Promise.all(Array.from({ length: count }, () => startFaultProxy('http')))));
    await database.db.query(
      `insert into proxy_pool (protocol, host, port, status, success_rate, next_check_at)
       select 'http', '127.0.0.1', port, 'active', 1, now() + interval '1 day' from unnest($1::int[]) as port`,
      [proxies.map((proxy) => proxy.address.port)],
    );
  }

  async function startManagers(): Promise<void> {
    const shared = {
      EKO_ALLOW_ADDRESSES: [nginx.address, ...proxies.map((proxy) => proxy.host)].join(','),
      TEST_RATE_LIMIT_MS: String(FLOOR_MS),
      TEST_USE_PROXY: String(proxies.length > 0),
    };
    for (let index = 0; index < 2; index += 1) {
      managers.push(await startManagerProcess({ databaseUrl: database.url, workers: 4, env: shared }));
    }
  }

  /** Two of the four workers of each manager. */
  function killHalfOfTheWorkers(): number {
    const pids = managers.flatMap((manager) => manager.workerPids().slice(0, 2));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids.length;
  }

  async function countSessions(where: string): Promise<number> {
    const [row] = await database.db.query<{ count: number }>(
      `select count(*)::int as count from scraping_sessions where ${where}`,
    );
    return row?.count ?? 0;
  }

  async function waitForRequests(count: number): Promise<void> {
    const options = { timeoutMs: STAGE_TIMEOUT_MS, intervalMs: 200, what: `${count} requests` };
    await waitFor(async () => (await nginx.requests()).length >= count, options);
  }

  /** Eight workers of two managers read all pages, and half of the workers are killed half-way. */
  async function crawl(poolSize: number): Promise<Crawl> {
    await fillPool(poolSize);
    await new JobQueue({ db: database.db }).enqueue(sessionsToRun());
    await startManagers();
    await waitForRequests(1);
    const lone = startLoneWorker(database.db, loneSite.origin);
    await waitForRequests((SESSIONS * PAGES) / 2);
    expect(killHalfOfTheWorkers()).toBe(4);
    await waitFor(async () => (await countSessions(`status in ('pending', 'running')`)) === 0, {
      timeoutMs: STAGE_TIMEOUT_MS,
      intervalMs: 200,
      what: 'all sessions to end',
    });
    const lostShare = await lone.stop();
    return { requests: await nginx.requests(), completed: await countSessions(`status = 'completed'`), lostShare };
  }

  it.each(POOLS)(
    `never refuses eight workers of two managers with %i proxies, half of the workers killed half-way, that use at least ${USED_MIN} per cent of it`,
    async (poolSize) => {
      const { requests, completed, lostShare } = await crawl(poolSize);
      expect(completed).toBe(SESSIONS);
      expect(requests.filter((request) => request.status === 503)).toEqual([]);
      expect(requests.length).toBeGreaterThan(SESSIONS * PAGES);
      expect(smallestGapMs(requests)).toBeGreaterThanOrEqual(FLOOR_MS);
      expect(usedShare(requests, lostShare)).toBeGreaterThanOrEqual(USED_MIN / 100);
      // With a pool nothing went direct, and the pace did not depend on who carried the requests.
      const carriers = proxies.filter((proxy) => proxy.tunnels.length > 0).length;
      expect(carriers).toBeGreaterThanOrEqual(Math.min(poolSize, SESSIONS) / 2);
    },
    3 * STAGE_TIMEOUT_MS,
  );
});
