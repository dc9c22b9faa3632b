import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { getHealth } from '../metrics/get-health.ts';
import { getSummary } from '../metrics/get-summary.ts';
import { listWorkers } from './list-workers.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
  const { db } = server.context;
  const insert = `insert into worker_instances (worker_id, node_id, hostname, pid, status, started_at, last_heartbeat, lease_until, stopped_at, stop_reason, memory_mb)
    values ($1, 'n', 'h', 1, $2, now() - interval '100 seconds', now() - $3::interval, now() - $3::interval + interval '30 seconds', now() - $4::interval, $5, 80)`;
  await db.query(insert, ['living', 'running', '1 second', null, null]);
  await db.query(insert, ['silent', 'idle', '1 minute', null, null]);
  await db.query(insert, ['stopped', 'stopped', '2 minutes', '2 minutes', 'on request']);
  await db.query(insert, ['long-gone', 'stopped', '2 hours', '2 hours', 'on request']);
  await db.query(insert, ['long-silent', 'idle', '2 hours', null, null]);
  await db.query(
    `insert into worker_instances (worker_id, node_id, hostname, pid, kind, status, lease_until)
     values ('bot', 'bot', 'h', 1, 'bot', 'idle', now() + interval '1 minute'), ('gone', 'gone', 'h', 1, 'bot', 'idle', now())`,
  );
  await db.query(
    `insert into scraping_sessions (batch_id, source, location, status, worker_id, created_at) values
     (gen_random_uuid(), 'permits', 'Georgia', 'running', 'living', now()), (gen_random_uuid(), 'permits', 'x', 'pending', null, now() - interval '1 minute')`,
  );
  await db.query(
    `insert into scraper_metrics (session_id, claim_number, source, location, outcome, leads_found, leads_new, requests_made, requests_failed, timestamp) values
     (1, 1, 'permits', 'x', 'completed', 5, 3, 10, 1, now()), (1, 2, 'permits', 'x', 'failed', 0, 0, 2, 2, now()),
     (1, 3, 'permits', 'x', 'snoozed', 0, 0, 1, 0, now()), (2, 1, 'permits', 'x', 'completed', 7, 7, 1, 0, now() - interval '2 hours'),
     (3, 1, 'permits', 'x', 'completed', 9, 9, 1, 0, now() - interval '2 days')`,
  );
  // Of the ten that the attempts of the day brought, one is left; another comes from a session that is still running.
  await db.query(
    `insert into leads (lead_key, session_id, batch_id, source, portal, location, role, source_row_id, provenance, demo, first_seen_at)
     select sha256(age::bytea), 1, gen_random_uuid(), 'permits', 'p', 'x', 'owner', age, '{}', age = '1 hour', now() - age::interval
     from unnest(array['25 hours', '1 hour', '1 second']) age`,
  );
});
afterAll(() => server.close());

describe('listWorkers', () => {
  it('shows what runs, what was lost, and what ended within the hour', async () => {
    const workers = await listWorkers(server.context.db);
    expect(workers.map((worker) => [worker.workerId, worker.status])).toEqual([
      ['living', 'running'],
      ['silent', 'crashed'],
      ['stopped', 'stopped'],
    ]);
    expect(workers[0]).toMatchObject({
      sessions: [{ source: 'permits', location: 'Georgia' }],
      memoryMb: 80,
      pid: 1,
      nodeId: 'n',
    });
    expect(workers[0]?.uptimeSeconds).toBeGreaterThanOrEqual(100);
    expect(workers[1]).toMatchObject({ stopReason: 'No sign of life any more', sessions: [] });
  });
});

describe('getSummary', () => {
  it('adds up the hour and the day', async () => {
    const summary = await getSummary(server.context.db, 'testing');
    expect(summary).toMatchObject({
      environment: 'testing',
      sessions: { pending: 1, running: 1, completed: 0, failed: 0, cancelled: 0 },
      capped: [],
      queue: { waiting: 1, capped: false },
      workers: { total: 1, running: 1 },
      leads: { total: 3, demo: 1, newLast24h: 2 },
    });
    expect(summary.queue.oldestWaitingMs).toBeGreaterThanOrEqual(60_000);
    // Bots work as well as processes do, so with one of them there somebody is there.
    expect(summary.bots).toEqual({ total: 1 });
    const { queue } = server.context;
    const waits = async () => (await getSummary(server.context.db, 'testing')).queue;
    // One that can be claimed since a moment ago has not waited for as long as it exists.
    await server.context.db.query(`update scraping_sessions set wake_at = clock_timestamp() where status = 'pending'`);
    expect(await waits()).toEqual({ waiting: 0, capped: false, oldestWaitingMs: null });
    await queue.tick();
    expect((await waits()).oldestWaitingMs).toBeLessThan(60_000);
    expect(summary.sources).toEqual([
      {
        source: 'permits',
        lastHour: {
          attempts: 3,
          completed: 1,
          failed: 1,
          successRate: 0.5,
          leadsFound: 5,
          leadsNew: 3,
          requestsMade: 13,
          requestsFailed: 3,
        },
        last24h: {
          attempts: 4,
          completed: 2,
          failed: 1,
          successRate: 2 / 3,
          leadsFound: 12,
          leadsNew: 10,
          requestsMade: 14,
          requestsFailed: 3,
        },
      },
    ]);
  });
});

describe('getHealth', () => {
  it('says ok with a database', async () => {
    expect(await getHealth(server.context.db, '1')).toEqual({
      status: 'ok',
      database: 'ok',
      schema: 'ok',
      version: '1',
    });
  });

  it('says so when the schema is made for newer programs, or is older than this one', async () => {
    const { db } = server.context;
    const [support] = await db.query<{ oldest: number }>('select oldest_program as oldest from schema_support');
    await db.query('update schema_support set oldest_program = 999');
    expect(await getHealth(db, '1')).toMatchObject({ status: 'degraded', database: 'ok', schema: 'ahead' });
    await db.query('update schema_support set oldest_program = $1', [support?.oldest]);
    await db.query('alter table drizzle.__drizzle_migrations rename to kept');
    expect(await getHealth(db, '1')).toMatchObject({ status: 'degraded', database: 'ok', schema: 'behind' });
    await db.query('alter table drizzle.kept rename to __drizzle_migrations');
  });
});
