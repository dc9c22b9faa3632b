import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '#lib/db/create-db.ts';
import { SILENT_NODE_REASON } from '#lib/db/schema/vocabulary.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { checkNotifications } from './check-surroundings.ts';
import { findProblems } from './find-problems.ts';
import { readFacts, readSettledFacts } from './read-facts.ts';

let bed: QueueBed;

beforeAll(async () => {
  bed = await createQueueBed();
});
afterAll(() => bed.drop());

describe('doctor', () => {
  it('finds stuck sessions, workers that nobody missed, silent machines, paused hosts and dead proxies', async () => {
    const stuck = await bed.start();
    await bed.queue.enqueue([{ source: 'permits', location: 'Texas' }]);
    await bed.db.query(
      `update worker_instances set lease_until = clock_timestamp() - interval '10 minutes' where worker_id = 'worker'`,
    );
    await bed.db.query(
      `update scraping_sessions set timeout_at = clock_timestamp() - interval '10 minutes' where id = $1`,
      [stuck.id],
    );
    await bed.setHost('example.com', { pausedS: 900 });
    await bed.db.query(
      `insert into nodes (node_id, hostname, manager_pid, configured_workers, last_seen_at)
       values ('attic', 'attic', 1, 3, clock_timestamp() - interval '10 minutes')`,
    );
    await bed.db.query(
      `insert into proxy_pool (protocol, host, port, status) values ('http', '192.0.2.7', 8080, 'failed')`,
    );
    const facts = await readFacts(bed.db);
    expect(facts).toMatchObject({
      sessions: {
        ready: [{ source: 'permits', sessions: 1, hasBot: false }],
        overdue: [stuck.id],
        orphaned: [stuck.id],
        quarantined: [],
      },
      workers: { living: 0, silent: ['worker'], crashedLastHour: [], versions: [] },
      nodes: [{ nodeId: 'attic', status: 'healthy', mode: 'active', reasons: [] }],
      proxies: { total: 1, usable: 0, testing: 0, unchecked: 0 },
      pausedHosts: [{ hostKey: 'example.com' }],
      schedulesOverdue: [],
    });
    expect(facts.nodes[0]?.silentMs).toBeGreaterThan(590_000);
    expect(facts.connections.max).toBeGreaterThan(0);
    // The same machine has one clock.
    expect(Math.abs(facts.clockAheadMs)).toBeLessThan(facts.clockErrorMs + 1_000);
    const told = findProblems(facts).filter(({ level }) => level === 'problem');
    expect(told.map(({ what }) => what.slice(0, 20))).toEqual([
      'No worker runs, and ',
      '1 worker gave no sig',
      'The machine attic ha',
      'Sessions run past th',
      'Sessions are stuck w',
      'None of 1 proxy work',
      'Hosts are paused: ex',
    ]);
  });

  it('misses the workers of machines on which none has come or gone for a minute', async () => {
    await bed.db.query(
      `insert into nodes (node_id, hostname, manager_pid, configured_workers, desired_workers, active_workers, mode, started_at)
       select id, id, 1, 3, desired, 1, mode, clock_timestamp() - age from (values
         ('short', null, 'active', interval '2 minutes'), ('scaled', 1, 'active', interval '2 minutes'),
         ('drained', null, 'draining', interval '2 minutes'), ('new', null, 'active', interval '20 seconds'),
         ('restarting', null, 'active', interval '2 minutes')) as n(id, desired, mode, age)`,
    );
    await bed.register('worker-of-restarting');
    await bed.db.query(
      `update worker_instances set node_id = 'restarting', status = 'crashed', stopped_at = clock_timestamp(),
         started_at = clock_timestamp() - interval '1 hour' where worker_id = 'worker-of-restarting'`,
    );
    const short = (await readFacts(bed.db)).nodes.filter(({ missingWorkers }) => missingWorkers > 0);
    expect(short).toMatchObject([{ nodeId: 'short', missingWorkers: 2 }]);
    await bed.db.query('delete from nodes');
  });

  it('waits for workers that somebody has just asked for, and misses them when they do not come', async () => {
    await bed.db.query(
      `insert into nodes (node_id, hostname, manager_pid, configured_workers, desired_workers, active_workers, started_at)
       values ('scaled', 'scaled', 1, 1, 3, 1, clock_timestamp() - interval '1 hour')`,
    );
    const missing = async (db: Executor, graceMs = 60_000) => {
      const { nodes } = await readSettledFacts(db, { graceMs, lookEveryMs: 5 });
      return nodes.map(({ missingWorkers }) => missingWorkers);
    };
    expect(await missing(bed.db, 50)).toEqual([2]);
    // Its next heartbeat comes after the first look.
    let looks = 0;
    const beating: Executor = {
      async query(text, values) {
        const rows = await bed.db.query(text, values);
        if (!text.includes('missingWorkers')) return rows as never;
        looks += 1;
        if (looks === 1) await bed.db.query('update nodes set active_workers = 3');
        return rows as never;
      },
    };
    expect(await missing(beating)).toEqual([0]);
    expect(looks).toBe(2);
    // A machine that is silent is told of as such.
    await bed.db.query(`update nodes set active_workers = 0, last_seen_at = clock_timestamp() - interval '5 minutes'`);
    looks = 1;
    expect(await missing(beating)).toEqual([3]);
    expect(looks).toBe(2);
    await bed.db.query('delete from nodes');
  });

  it('tells of a machine that was lost in the last hour, and not of one that was stopped', async () => {
    await bed.db.query(
      `insert into nodes (node_id, hostname, manager_pid, configured_workers, status, status_reasons, status_since)
       select id, id, 1, 3, 'gone', array[reason], clock_timestamp() - age from (values
         ('lost', $1, interval '10 minutes'), ('lost long ago', $1, interval '2 hours'),
         ('stopped', 'Its manager was stopped', interval '10 minutes')) as n(id, reason, age)`,
      [SILENT_NODE_REASON],
    );
    const gone = (await readFacts(bed.db)).nodes.filter(({ status }) => status === 'gone');
    expect(gone.map(({ nodeId }) => nodeId)).toEqual(['lost']);
  });

  it('counts no connections for bots and workers over HTTP, and none at all with a pooler', async () => {
    await bed.db.query('delete from worker_instances');
    await bed.register('worker');
    const { needed } = (await readFacts(bed.db)).connections;
    await bed.register('bot');
    await bed.db.query(`update worker_instances set kind = 'bot', version = '7' where worker_id = 'bot'`);
    const facts = await readFacts(bed.db);
    expect(facts.connections.needed).toBe(needed);
    expect(facts.workers.versions).toHaveLength(1);
    expect((await readFacts(bed.db, { pooled: true })).connections.needed).toBe(0);
  });

  it('tells a schedule that waits for its earlier run from one that is late, and names one that has stopped', async () => {
    const { batchId } = await bed.queue.enqueue([{ source: 'permits', location: 'Ohio' }]);
    await bed.db.query(
      `insert into schedules (name, every_minutes, targets, catch_up, next_at)
       select name, 5, '[]', catch_up, clock_timestamp() - late from (values
         ('catching up', 'all', interval '10 minutes'), ('late', 'latest', interval '10 minutes'), ('stopped', 'latest', null))
         as s(name, catch_up, late)`,
    );
    await bed.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome, batch_id, sessions)
       select id, clock_timestamp(), 'started', $1, 1 from schedules where name = 'catching up'`,
      [batchId],
    );
    const facts = await readFacts(bed.db);
    expect(facts.schedulesOverdue).toMatchObject([{ name: 'late', problem: null }]);
    expect(facts.schedulesStopped).toEqual(['stopped']);
    await bed.db.query(
      `update schedules set cron = '0 7 * * *', every_minutes = null, time_zone = 'Mars/Olympus' where name = 'late'`,
    );
    expect((await readFacts(bed.db)).schedulesOverdue).toMatchObject([
      { name: 'late', problem: expect.stringContaining('Mars/Olympus') },
    ]);
  });

  it('counts the proxies that nobody has checked although there was time', async () => {
    await bed.db.query(
      `insert into proxy_pool (protocol, host, port, status, created_at, last_checked_at) values
         ('http', '192.0.2.8', 1, 'testing', clock_timestamp() - interval '3 minutes', null),
         ('http', '192.0.2.8', 2, 'testing', clock_timestamp(), null),
         ('http', '192.0.2.8', 3, 'testing', clock_timestamp() - interval '3 minutes', clock_timestamp())`,
    );
    const { proxies } = await readFacts(bed.db);
    await bed.db.query(`delete from proxy_pool where host = '192.0.2.8'`);
    expect(proxies).toMatchObject({ testing: 3, unchecked: 1 });
  });

  it('knows which sessions a worker had that crashed', async () => {
    await bed.clear();
    const session = await bed.start();
    await bed.queue.releaseWorker('worker', 'crashed');
    await bed.db.query(
      `update worker_instances set status = 'crashed', stopped_at = clock_timestamp() where worker_id = 'worker'`,
    );
    const { workers } = await readFacts(bed.db);
    expect(workers).toMatchObject({ crashedLastHour: [{ workerId: 'worker' }], crashedSessions: [session.id] });
  });

  it('hears itself on a direct connection', async () => {
    expect(await checkNotifications(bed.db, bed.url)).toEqual([]);
  });

  it('says why where no connection of its own can listen, instead of suspecting a pooler', async () => {
    const wrong = new URL(bed.url);
    wrong.password = 'no-secret';
    const [finding] = await checkNotifications(bed.db, wrong.href);
    expect(finding).toMatchObject({
      level: 'problem',
      what: expect.stringContaining('password authentication failed'),
    });
    expect(JSON.stringify(finding)).not.toContain('no-secret');
  });
});
