import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { DatabaseUnavailableError, HostNotReadyError } from '#lib/errors.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import type { SlotResult } from './host-pacer.ts';
import { SharedHostPacer } from './host-pacer-shared.ts';
import { PgSlotStore, type SlotStore } from './slot-store.ts';

let test: TestDatabase;
const never = new AbortController().signal;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const request = (hostKey: string, floorMs = 100, workerId = 'worker-1') => ({
  hostKey,
  workerId,
  sessionId: 1,
  floorMs,
  robotsMs: 0,
  maxInflight: 1,
  // A slot that expires because the machine stands still is none of these tests.
  timeoutMs: 60_000,
});

const SERVED = { kind: 'served' } as const;

async function pacingOf(hostKey: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await test.db.query(
    `select strikes, extract(epoch from next_at - clock_timestamp()) * 1000 as next_ms,
       extract(epoch from backoff_until - clock_timestamp()) * 1000 as backoff_ms,
       (extract(epoch from paused_until - clock_timestamp()) * 1000)::float8 as paused_ms
     from host_pacing where host_key = $1`,
    [hostKey],
  );
  return row;
}

/** A server that answers after at most `answerMs`, once it has been asked by so many at once, and remembers when it was asked. */
async function startClockServer(answerMs = 20, atOnce = 1) {
  const asked: number[] = [];
  const enough = Promise.withResolvers<void>();
  let running = 0;
  let runningMax = 0;
  const server = createServer(async (_request, response) => {
    asked.push(performance.now());
    running += 1;
    runningMax = Math.max(runningMax, running);
    if (running >= atOnce) enough.resolve();
    await enough.promise;
    setTimeout(() => {
      running -= 1;
      response.end('ok');
    }, Math.random() * answerMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, runningMax: () => runningMax, close: () => server.close() };
}

function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

describe('SharedHostPacer', () => {
  it('never lets eight pools ask one host closer than the gap, and loses little time', async () => {
    const site = await startClockServer();
    const gapMs = 60;
    const dbs = Array.from({ length: 8 }, () =>
      createDb({ connectionString: test.url, applicationName: 'pacer', max: 2 }),
    );
    const worker = async (pacer: SharedHostPacer, workerId: string) => {
      for (let turn = 0; turn < 4; turn += 1) {
        const slot = await pacer.reserve(request('eight.example', gapMs, workerId), never);
        await ask(site.url);
        slot.noteAnswer();
        await slot.release(SERVED);
      }
    };
    const started = performance.now();
    await Promise.all(
      dbs.map((db, index) => {
        const pacer = new SharedHostPacer({ slots: new PgSlotStore(db) });
        return Promise.all([worker(pacer, `w${index}`), worker(pacer, `w${index}`)]);
      }),
    );
    const elapsedMs = performance.now() - started;
    await Promise.all(dbs.map((db) => db.close()));
    site.close();
    const gaps = site.asked.slice(1).map((at, index) => at - (site.asked[index] ?? 0));
    expect(site.asked).toHaveLength(64);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(gapMs);
    expect(site.runningMax()).toBe(1);
    // 64 requests of at most 20 ms and their gaps take 5.1 s at best, on a machine that does nothing else.
    expect(elapsedMs).toBeLessThan(30_000);
  });

  it('counts the gap from the answer, not from the end of the body', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    const slot = await pacer.reserve(request('answer.example', 2000), never);
    const beforeAnswer = performance.now();
    slot.noteAnswer();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ended = performance.now();
    await slot.release(SERVED);
    const nextMs = Number((await pacingOf('answer.example'))?.next_ms);
    // However long the release and the look took: they come after the end. The clocks are two, hence a few ms.
    expect(nextMs).toBeLessThanOrEqual(2000 - (ended - beforeAnswer) + 5);
    expect(nextMs).toBeGreaterThanOrEqual(2000 - (performance.now() - beforeAnswer) - 5);
  });

  it('keeps the larger gap between two sources that share a host', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    const first = await pacer.reserve(request('shared.example', 50), never);
    const releasedAt = performance.now();
    await first.release(SERVED);
    const second = await pacer.reserve(request('shared.example', 400), never);
    expect(performance.now() - releasedAt).toBeGreaterThanOrEqual(380);
    await second.release(SERVED);
  });

  it('gives the slots of a dead worker back one gap from now', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await pacer.reserve(request('dead.example', 300, 'dead-worker'), never);
    const [before] = await test.db.query('select clock_timestamp()::text as at');
    const [row] = await test.db.query(`select release_worker_slots('dead-worker') as released`);
    expect(row?.released).toBe(1);
    const gap = `select next_at - $1::timestamptz >= interval '300 ms' as kept from host_pacing where host_key = 'dead.example'`;
    expect(await test.db.query(gap, [before?.at])).toEqual([{ kept: true }]);
    const other = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await (await other.reserve(request('dead.example', 300), never)).release(SERVED);
  });

  it('gives a slot back as soon as the database answers again, long before the slot expires', async () => {
    const proxy = await TcpFaultProxy.start({ port: Number(new URL(test.url).port) });
    const db = createDb({ connectionString: proxy.through(test.url), applicationName: 'eko-test-cut' });
    const failures: unknown[] = [];
    const cut = new SharedHostPacer({ slots: new PgSlotStore(db), onUnwritten: (error) => failures.push(error) });
    const slot = await cut.reserve({ ...request('cut.example', 100), timeoutMs: 60_000 }, never);
    proxy.set({ refuse: true });
    proxy.cut();
    await slot.release(SERVED);
    expect(failures).toHaveLength(1);
    const slots = () => test.db.query(`select 1 from host_slots where host_key = 'cut.example'`);
    expect(await slots()).toHaveLength(1);
    proxy.heal();
    await waitFor(async () => (await slots()).length === 0);
    await db.close();
    await proxy.close();
  });

  it('gives back a slot whose reservation nobody heard of, instead of waiting for its end', async () => {
    const store = new PgSlotStore(test.db);
    let isDeaf = true;
    const deaf: SlotStore = {
      reserve: async (wish) => {
        const reserved = await store.reserve(wish);
        if (isDeaf) throw new DatabaseUnavailableError('the answer was lost');
        return reserved;
      },
      release: (slot) => store.release(slot),
      reportBackoff: () => Promise.resolve(0),
      pause: async () => {},
    };
    const pacer = new SharedHostPacer({ slots: deaf });
    const wanted = { ...request('deaf.example', 50), timeoutMs: 60_000 };
    await expect(pacer.reserve(wanted, never)).rejects.toThrow(DatabaseUnavailableError);
    isDeaf = false;
    const slot = await pacer.reserve(wanted, never);
    expect(await test.db.query(`select from host_slots where host_key = 'deaf.example'`)).toHaveLength(1);
    await slot.release(SERVED);
    expect(await test.db.query(`select from host_slots where host_key = 'deaf.example'`)).toHaveLength(0);
  });

  it('takes over an expired slot, one gap after its end', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await pacer.reserve(request('expired.example', 100, 'gone'), never);
    const askedAt = performance.now();
    await test.db.query(`update host_slots set expires_at = clock_timestamp() where worker_id = 'gone'`);
    const other = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await (await other.reserve(request('expired.example', 100), never)).release(SERVED);
    expect(performance.now() - askedAt).toBeGreaterThan(80);
  });

  it('says when to come back instead of waiting long', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db), waitMaxMs: 500 });
    const slot = await pacer.reserve(request('slow.example', 60_000), never);
    await slot.release(SERVED);
    const refusal = await pacer.reserve(request('slow.example', 60_000), never).catch((error) => error);
    expect(refusal).toBeInstanceOf(HostNotReadyError);
    expect(refusal.retryAfterMs).toBeGreaterThan(55_000);
  });

  it('gives the slot back when the session ends while it waits', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await (await pacer.reserve(request('ended.example', 2000), never)).release(SERVED);
    const ending = new AbortController();
    const waiting = pacer.reserve(request('ended.example', 2000, 'ended'), ending.signal);
    setTimeout(() => ending.abort(new Error('ended')), 100);
    await expect(waiting).rejects.toThrow('ended');
    expect(await test.db.query(`select 1 from host_slots where worker_id = 'ended'`)).toEqual([]);
  });

  it('counts refusals that arrive together once, and grows with later ones', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    const burst = await Promise.all([1, 2, 3].map(() => pacer.reportBackoff('burst.example', null)));
    expect(Math.max(...burst)).toBeLessThanOrEqual(5000);
    expect((await pacingOf('burst.example'))?.strikes).toBe(1);
    await test.db.query(`update host_pacing set backoff_until = clock_timestamp() where host_key = 'burst.example'`);
    expect(await pacer.reportBackoff('burst.example', 1000)).toBe(10_000);
    await test.db.query(
      `update host_pacing set backoff_decays_at = clock_timestamp(), backoff_until = clock_timestamp()`,
    );
    expect(await pacer.reportBackoff('burst.example', null)).toBe(5000);
  });

  it('does as Retry-After says, within bounds, and a longer one extends the back-off', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    expect(await pacer.reportBackoff('asked.example', 1500)).toBe(1500);
    expect(await pacer.reportBackoff('asked.example', 90_000)).toBeCloseTo(90_000, -4);
    expect(await pacer.reportBackoff('absurd.example', 1e12)).toBe(86_400_000);
    expect(await pacer.reportBackoff('negative.example', -5)).toBe(5000);
    expect(await pacer.reserve(request('absurd.example'), never).catch((error) => error)).toBeInstanceOf(
      HostNotReadyError,
    );
  });

  it('lets nobody in while a host is paused, and tells why', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await pacer.pause('paused.example', 60_000, 'asks for a Crawl-delay of 24 h');
    await expect(pacer.reserve(request('paused.example'), never)).rejects.toThrow(/Crawl-delay of 24 h/);
  });

  it('never has more than three under way where three are allowed, from two pools with eight waiters each', async () => {
    const site = await startClockServer(150, 3);
    const dbs = [1, 2].map(() => createDb({ connectionString: test.url, applicationName: 'pacer', max: 4 }));
    const work = async (pacer: SharedHostPacer) => {
      for (let turn = 0; turn < 3; turn += 1) {
        const slot = await pacer.reserve({ ...request('three.example', 5), maxInflight: 3 }, never);
        await ask(site.url);
        slot.noteAnswer();
        await slot.release(SERVED);
      }
    };
    await Promise.all(
      dbs.flatMap((db) => {
        const pacer = new SharedHostPacer({ slots: new PgSlotStore(db) });
        return Array.from({ length: 8 }, () => work(pacer));
      }),
    );
    await Promise.all(dbs.map((db) => db.close()));
    site.close();
    expect(site.asked).toHaveLength(48);
    expect(site.runningMax()).toBe(3);
  });

  it('lets a source that allows one request at a time wait until the three of another have left', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    const three = { ...request('mixed.example', 0), maxInflight: 3 };
    const held = [await pacer.reserve(three, never), await pacer.reserve(three, never)];
    const other = new SharedHostPacer({ slots: new PgSlotStore(test.db), waitMaxMs: 100 });
    await expect(other.reserve(request('mixed.example', 0), never)).rejects.toMatchObject({
      context: { hostKey: 'mixed.example', reason: 'in-flight' },
    });
    for (const slot of held) await slot.release(SERVED);
    await (await other.reserve(request('mixed.example', 0), never)).release(SERVED);
  });

  it('keeps a request back that waits while another makes the host ask for less', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    // Long enough for the refusal to come while the second one waits.
    const pair = { ...request('held.example', 3_000), maxInflight: 2 };
    const first = await pacer.reserve(pair, never);
    const second = pacer.reserve(pair, never).catch((error) => error);
    await pacer.reportBackoff('held.example', 60_000);
    await first.release({ kind: 'throttled', error: 'status 429' });
    expect(await second).toMatchObject({ code: 'host_not_ready', context: { reason: 'back-off' } });
  });

  it('shows what the pace is made of, raised by an error and lowered by answers', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db), waitMaxMs: 60_000 });
    const slow = { ...request('parts.example', 0), robotsMs: 20 };
    const once = async (result: SlotResult) => {
      await (await pacer.reserve(slow, never)).release(result);
      const [row] = await test.db.query(
        `update host_pacing set next_at = clock_timestamp() where host_key = 'parts.example'
         returning floor_ms, robots_ms, adaptive_ms, gap_ms, error_streak, last_error, last_asked_at is not null as asked,
           last_served_at is not null as served`,
      );
      return row;
    };
    expect(await once({ kind: 'error', error: 'status 500' })).toEqual({
      ...{ floor_ms: 0, robots_ms: 20, adaptive_ms: 250, gap_ms: 250, error_streak: 1 },
      ...{ last_error: 'status 500', asked: true, served: false },
    });
    expect(await once({ kind: 'neutral' })).toMatchObject({ gap_ms: 250, error_streak: 1 });
    expect(await once(SERVED)).toMatchObject({ adaptive_ms: 125, gap_ms: 125, error_streak: 0, served: true });
    for (let turn = 0; turn < 4; turn += 1) await once(SERVED);
    expect(await once(SERVED)).toMatchObject({ adaptive_ms: 0, gap_ms: 20 });
  });

  it('pauses a host after five errors in a row, and tells why', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await failTimes(pacer, 'failing.example', 5, { kind: 'error', error: 'status 502' });
    await expect(pacer.reserve(request('failing.example'), never)).rejects.toThrow(
      /5 errors in a row; the last one: status 502/,
    );
    expect((await pacingOf('failing.example'))?.paused_ms).toBeGreaterThan(590_000);
    expect((await pacingOf('failing.example'))?.paused_ms).toBeLessThanOrEqual(600_000);
  });

  it('pauses a host that has refused for 15 minutes, twice as long when it refuses after the pause', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    const refusal = { kind: 'refused', error: 'status 403' } as const;
    await failTimes(pacer, 'refusing.example', 2, refusal);
    expect((await pacingOf('refusing.example'))?.paused_ms).toBeNull();
    await test.db.query(
      `update host_pacing set limited_since = limited_since - interval '15 min' where host_key = 'refusing.example'`,
    );
    await failTimes(pacer, 'refusing.example', 1, refusal);
    await expect(pacer.reserve(request('refusing.example'), never)).rejects.toThrow(
      /No request was served for 15 minutes; the last answer: status 403/,
    );
    expect(Math.round(Number((await pacingOf('refusing.example'))?.paused_ms) / 60_000)).toBe(30);
    await test.db.query(
      `update host_pacing set paused_until = clock_timestamp(), next_at = '-infinity' where host_key = 'refusing.example'`,
    );
    await failTimes(pacer, 'refusing.example', 1, refusal);
    expect(Math.round(Number((await pacingOf('refusing.example'))?.paused_ms) / 60_000)).toBe(60);
  });

  it('forgets pause, back-off and errors when a person resumes the host, and keeps the promised gap', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    await failTimes(pacer, 'resumed.example', 5, { kind: 'error', error: 'reset' });
    await pacer.reportBackoff('resumed.example', 90_000);
    const [resumed] = await test.db.query(
      `select resume_host('resumed.example') as known, resume_host('none') as unknown`,
    );
    expect(resumed).toEqual({ known: true, unknown: false });
    // A wait of more than some seconds would be refused.
    await (await pacer.reserve(request('resumed.example', 100), never)).release(SERVED);
  });

  it('pauses a host that asks for more than an hour, for people to see', async () => {
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(test.db) });
    expect(await pacer.reportBackoff('hours.example', 7_200_000)).toBe(7_200_000);
    await expect(pacer.reserve(request('hours.example'), never)).rejects.toThrow(
      /It asked to be left alone for 120 minutes \(Retry-After\)/,
    );
  });
});

/** Requests in a row that all end alike, without their gaps. */
async function failTimes(pacer: SharedHostPacer, hostKey: string, times: number, result: SlotResult): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    await (await pacer.reserve(request(hostKey, 0), never)).release(result);
    await test.db.query(`update host_pacing set next_at = '-infinity' where host_key = $1`, [hostKey]);
  }
}
