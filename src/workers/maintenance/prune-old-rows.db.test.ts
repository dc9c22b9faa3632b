import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_KEPT_DAYS } from '#lib/archive/kept-days.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { type PruneCounts, pruneOldRows } from './prune-old-rows.ts';
import { PRUNE_STATEMENTS } from './prune-statements.ts';
import { retentionOf } from './retention.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(async () => {
  await bed.clear();
  await bed.db.query('truncate session_logs, session_requests, schedule_runs, archive_days');
});
afterAll(() => bed.drop());

const RETENTION = retentionOf(DEFAULT_KEPT_DAYS);

const NOTHING: PruneCounts = {
  logs: 0,
  requests: 0,
  snapshots: 0,
  validators: 0,
  metrics: 0,
  sessions: 0,
  batches: 0,
  scheduleRuns: 0,
  workers: 0,
  tokens: 0,
  bans: 0,
  slots: 0,
  hosts: 0,
  robots: 0,
};

/** Makes sessions of a status that were made and ended some days ago. */
async function makeSessions(count: number, status: string, daysAgo: number): Promise<void> {
  await bed.db.query(
    `with batch as (insert into session_batches (id, created_at)
       values (gen_random_uuid(), clock_timestamp() - make_interval(days => $3)) returning id)
     insert into scraping_sessions (batch_id, source, location, status, created_at, completed_at)
     select batch.id, 'permits', 'Georgia', $2, clock_timestamp() - make_interval(days => $3),
       case when $2 in ('completed', 'failed', 'cancelled') then clock_timestamp() - make_interval(days => $3) end
     from batch, generate_series(1, $1)`,
    [count, status, daysAgo],
  );
}

type Table =
  | 'scraping_sessions'
  | 'session_batches'
  | 'session_logs'
  | 'session_requests'
  | 'scraper_metrics'
  | 'page_validators';

async function countRows(table: Table) {
  const [row] = await bed.db.query(`select count(*)::int as rows from ${table}`);
  return row?.rows;
}

describe('pruneOldRows', () => {
  it('deletes ended sessions past their age with their batch, and never one that still waits or runs', async () => {
    await makeSessions(1_500, 'pending', 200);
    await makeSessions(2_500, 'completed', 100);
    await makeSessions(3, 'running', 100);
    await makeSessions(2, 'failed', 10);
    const counts = await pruneOldRows(bed.db, RETENTION);
    expect(counts).toMatchObject({ sessions: 2_500, batches: 1 });
    expect(await countRows('scraping_sessions')).toBe(1_505);
    expect(await countRows('session_batches')).toBe(3);
  });

  it('deletes old attempts, log lines and workers that are no more', async () => {
    await bed.db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, timestamp)
       select n, 1, 'permits', 'Georgia', 'completed', clock_timestamp() - make_interval(days => n) from generate_series(179, 182) n`,
    );
    await bed.db.query(
      `insert into session_logs (session_id, claim_number, level, message, at)
       select n, 1, 'info', 'hello', clock_timestamp() - make_interval(days => n) from generate_series(20, 10, -1) n`,
    );
    await bed.register('long gone');
    await bed.queue.deregisterWorker('long gone', { status: 'stopped', reason: 'done' });
    await bed.db.query(
      `update worker_instances set last_heartbeat = clock_timestamp() - interval '8 days' where worker_id = 'long gone'`,
    );
    const counts = await pruneOldRows(bed.db, RETENTION);
    expect(counts).toEqual({ ...NOTHING, logs: 7, metrics: 3, workers: 1 });
    expect([await countRows('session_logs'), await countRows('scraper_metrics')]).toEqual([4, 1]);
  });

  it('deletes old requests, pages that have expired, and what is known of pages that nobody read any more', async () => {
    await bed.db.query(
      `insert into session_requests (session_id, claim_number, duration_ms, wire_bytes, method, url, verdict, at)
       select n, 1, 1, 1, 'GET', 'https://example.com/', 'done', clock_timestamp() - make_interval(days => n)
       from generate_series(20, 10, -1) n`,
    );
    await bed.db.query(
      `insert into page_snapshots (signature, status, source, url, verdict, body, expires_at)
       select n::text, 403, 'permits', 'https://example.com/', 'blocked', '', clock_timestamp() + make_interval(hours => n)
       from generate_series(-2, 3) n where n <> 0`,
    );
    await bed.db.query(
      `insert into page_validators (source, url_hash, parser_version, body_hash, fetched_at)
       select 'permits', n::text, '1', '', clock_timestamp() - make_interval(days => n) from generate_series(0, 2500) n`,
    );
    const counts = await pruneOldRows(bed.db, RETENTION);
    expect(counts).toEqual({ ...NOTHING, requests: 7, snapshots: 2, validators: 2_471 });
    expect([await countRows('session_requests'), await countRows('page_validators')]).toEqual([4, 30]);
    const kept = await bed.db.query('select signature from page_snapshots order by signature');
    expect(kept.map((row) => row.signature)).toEqual(['1', '2', '3']);
  });

  it('deletes the requests and log lines of a session with it', async () => {
    await makeSessions(2, 'completed', 100);
    await makeSessions(1, 'pending', 100);
    await bed.db.query(
      `insert into session_requests (session_id, claim_number, duration_ms, wire_bytes, method, url, verdict)
       select id, 1, 1, 1, 'GET', 'https://example.com/', 'done' from scraping_sessions`,
    );
    await bed.db.query(
      `insert into session_logs (session_id, claim_number, level, message) select id, 1, 'info', 'hi' from scraping_sessions`,
    );
    expect(await pruneOldRows(bed.db, RETENTION)).toEqual({ ...NOTHING, sessions: 2, batches: 1 });
    expect([await countRows('session_requests'), await countRows('session_logs')]).toEqual([1, 1]);
  });

  it('forgets bans a day after their end, and hosts that nobody asked, but none that has to wait or is being asked', async () => {
    await bed.db.query(`insert into proxy_pool (protocol, host, port) values ('http', '192.0.2.1', 80)`);
    await bed.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, reason, until)
       select id, n::text, 'status 403', clock_timestamp() + make_interval(hours => n)
       from proxy_pool, unnest(array[-50, -30, -20, 5]) n`,
    );
    const old = `clock_timestamp() - interval '31 days'`;
    await bed.db.query(
      `insert into host_pacing (host_key, last_asked_at, next_at, backoff_until, paused_until) values
         ('old', ${old}, ${old}, default, null),
         ('never asked', null, default, default, null),
         ('asked lately', clock_timestamp() - interval '29 days', ${old}, default, null),
         ('paused', ${old}, ${old}, default, clock_timestamp() + interval '1 hour'),
         ('backs off', ${old}, ${old}, clock_timestamp() + interval '1 hour', null),
         ('given up', ${old}, ${old}, default, null),
         ('being asked', ${old}, ${old}, default, null)`,
    );
    await bed.db.query(
      `insert into host_slots (host_key, worker_id, start_at, expires_at)
       values ('being asked', 'worker', clock_timestamp(), clock_timestamp() + interval '1 minute'), ('given up', 'gone', ${old}, ${old})`,
    );
    await bed.db.query(
      `insert into robots_cache (origin, outcome, fetched_at, expires_at, looking_until) values
         ('https://old.example.com', 'none', ${old}, ${old}, ${old}),
         ('https://looked.example.com', 'none', ${old}, ${old}, clock_timestamp()),
         ('https://new.example.com', 'none', clock_timestamp(), clock_timestamp() + interval '1 day', null)`,
    );
    expect(await pruneOldRows(bed.db, RETENTION)).toEqual({ ...NOTHING, bans: 2, slots: 1, hosts: 3, robots: 1 });
    const hosts = await bed.db.query('select host_key from host_pacing order by host_key');
    expect(hosts.map((row) => row.host_key)).toEqual(['asked lately', 'backs off', 'being asked', 'paused']);
    const bans = await bed.db.query('select host_key from proxy_host_bans order by host_key');
    expect(bans.map((row) => row.host_key)).toEqual(['-20', '5']);
  });

  it('deletes what is left of schedules and tokens, but no run whose sessions still wait', async () => {
    await makeSessions(1, 'pending', 100);
    await bed.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome, batch_id, at)
       select n, clock_timestamp(), 'started', case when n = 1 then (select batch_id from scraping_sessions) end,
         clock_timestamp() - make_interval(days => case when n = 3 then 89 else 91 end) from generate_series(1, 3) n`,
    );
    await bed.db.query(
      `insert into api_tokens (token_hash, name, role, revoked_at, expires_at)
       select sha256(n::text::bytea), n::text, 'bot', case n when 1 then clock_timestamp() - interval '91 days' end,
         clock_timestamp() + make_interval(days => case n when 2 then -91 else 1 end) from generate_series(1, 3) n`,
    );
    expect(await pruneOldRows(bed.db, RETENTION)).toEqual({ ...NOTHING, scheduleRuns: 1, tokens: 2 });
    const runs = await bed.db.query('select schedule_id as id from schedule_runs order by 1');
    expect(runs).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('finds what is old behind what was made while the clock was ahead', async () => {
    const times = `clock_timestamp() + make_interval(days => case when n <= 150 then 300 else -100 end)`;
    await bed.db.query(
      `insert into session_logs (session_id, claim_number, level, message, at)
       select n, 1, 'info', 'hi', ${times} from generate_series(1, 3000) n`,
    );
    await bed.db.query(
      `insert into session_requests (session_id, claim_number, duration_ms, wire_bytes, method, url, verdict, at)
       select n, 1, 1, 1, 'GET', 'https://example.com/', 'done', ${times} from generate_series(1, 3000) n`,
    );
    await bed.db.query(
      `insert into scraping_sessions (batch_id, source, location, status, created_at, completed_at)
       select gen_random_uuid(), 'permits', 'Georgia', 'completed', at, at
       from generate_series(1, 3000) n, lateral (select ${times} as at) t`,
    );
    const counts = await pruneOldRows(bed.db, RETENTION);
    expect(counts).toEqual({ ...NOTHING, logs: 2_850, requests: 2_850, sessions: 2_850 });
  });

  it('looks no further than one page of what is too young', async () => {
    await makeSessions(2_000, 'completed', 10);
    await makeSessions(1, 'completed', 100);
    expect(await pruneOldRows(bed.db, RETENTION)).toMatchObject({ sessions: 0 });
  });

  it.each(['batches', 'scheduleRuns'] as const)(
    'asks of each of the %s whether its sessions are gone',
    async (kind) => {
      await bed.db.query(
        `insert into session_batches (id, created_at)
       select md5(n::text)::uuid, clock_timestamp() - interval '100 days' from generate_series(1, 20000) n`,
      );
      await bed.db.query(
        `insert into schedule_runs (schedule_id, occurrence, outcome, batch_id, at)
       select row_number() over (), created_at, 'started', id, created_at from session_batches`,
      );
      await bed.db.query(
        `insert into scraping_sessions (batch_id, source, location, status, created_at)
       select md5(n::text)::uuid, 'permits', 'Georgia', 'completed', clock_timestamp() from generate_series(10001, 20000) n`,
      );
      await bed.db.query('analyze scraping_sessions, session_batches, schedule_runs');
      const { age, sql } = PRUNE_STATEMENTS[kind];
      const plan = await bed.db.query(`explain ${sql}`, [RETENTION[age], 1_000, 0]);
      const reads = plan
        .map((row) => String(row['QUERY PLAN']))
        .filter((line) => line.includes('on scraping_sessions'));
      expect(reads).toEqual([expect.stringContaining('using scraping_sessions_batch')]);
      // Nor is its own table read as a whole.
      expect(plan.map((row) => row['QUERY PLAN']).join()).not.toContain('Seq Scan');
    },
  );

  it('keeps the attempts of a session for as long as the session is there', async () => {
    const claim = await bed.start();
    await bed.queue.retry(claim, { error: { code: 'network', message: 'no answer' } });
    await bed.db.query(`update scraper_metrics set timestamp = clock_timestamp() - interval '400 days'`);
    expect(await pruneOldRows(bed.db, RETENTION)).toEqual(NOTHING);
    await bed.db.query('delete from scraping_sessions');
    expect(await pruneOldRows(bed.db, RETENTION)).toMatchObject({ metrics: 1 });
  });

  it('waits for nobody who holds a session, and lets nobody wait', async () => {
    await makeSessions(3, 'completed', 100);
    await makeSessions(3, 'pending', 100);
    const [held] = await bed.db.query(`select min(id) as id from scraping_sessions where status = 'completed'`);
    await bed.db.transaction(async (holder) => {
      await holder.query('select from scraping_sessions where id = $1 for update', [held?.id]);
      expect(await pruneOldRows(bed.db, RETENTION)).toMatchObject({ sessions: 2 });
    });
    await bed.db.transaction(async (pruner) => {
      expect(await pruneOldRows(pruner, RETENTION)).toMatchObject({ sessions: 1 });
      // The pruner has not committed: what it has looked at is free all the same.
      expect(await bed.claim()).toHaveLength(3);
    });
  });

  it('leaves the rest to the next run when the time of a kind is over', async () => {
    await makeSessions(500, 'completed', 100);
    const { sessions } = await pruneOldRows(bed.db, RETENTION, { budgetMs: 1 });
    expect(sessions).toBeLessThan(500);
    expect(await pruneOldRows(bed.db, RETENTION)).toMatchObject({ sessions: 500 - sessions });
  });

  it('stops when it is told to', async () => {
    await makeSessions(5, 'completed', 100);
    const counts = await pruneOldRows(bed.db, RETENTION, { signal: AbortSignal.abort() });
    expect(counts.sessions).toBe(0);
  });
});
