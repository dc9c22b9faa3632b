import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiClusterStatus, ApiNode } from '#lib/api/node.ts';
import { createListener } from '#lib/db/create-listener.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { GET as getStatus } from '../../app/api/cluster/status/route.ts';
import { POST as drain } from '../../app/api/nodes/[id]/drain/route.ts';
import { POST as pause } from '../../app/api/nodes/[id]/pause/route.ts';
import { POST as resume } from '../../app/api/nodes/[id]/resume/route.ts';
import { POST as scale } from '../../app/api/nodes/[id]/scale/route.ts';
import { GET as listNodes } from '../../app/api/nodes/route.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());

interface Row {
  nodeId: string;
  status?: string;
  reasons?: string[];
  silentForS?: number;
}

async function insert({ nodeId, status = 'healthy', reasons = [], silentForS = 1 }: Row): Promise<void> {
  await server.context.db.query(
    `insert into nodes (node_id, hostname, manager_pid, status, status_reasons, configured_workers, active_workers,
       active_sessions, concurrency, cpu_percent, memory_percent, disk_percent, last_seen_at)
     values ($1, 'host', 1, $2, $3, 3, 3, 4, 4, 10, 20, 30, now() - make_interval(secs => $4))`,
    [nodeId, status, reasons, silentForS],
  );
}

beforeEach(async () => {
  await server.context.db.query('truncate nodes, worker_instances, scraper_metrics, scraping_sessions');
  await insert({ nodeId: 'living' });
  await insert({ nodeId: 'short', status: 'degraded', reasons: ['Memory is 91 % used'] });
  await insert({ nodeId: 'silent', silentForS: 90 });
  await insert({ nodeId: 'long-gone', silentForS: 400 });
});

async function list(): Promise<ApiNode[]> {
  const response = await listNodes(apiRequest('/api/nodes'), { params: Promise.resolve({}) });
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: ApiNode[] }).items;
}

async function order(route: typeof scale, id: string, json: unknown = {}) {
  const response = await route(apiRequest('/api/nodes/x/y', { method: 'POST', json }), {
    params: Promise.resolve({ id }),
  });
  return { status: response.status, body: await response.json() };
}

describe('GET /api/nodes', () => {
  it('lists machines in trouble first, those that fell silent as gone, and none that has been for 5 minutes', async () => {
    const nodes = await list();
    expect(nodes.map(({ nodeId, status }) => [nodeId, status])).toEqual([
      ['short', 'degraded'],
      ['living', 'healthy'],
      ['silent', 'gone'],
    ]);
    expect(nodes[0]).toMatchObject({ statusReasons: ['Memory is 91 % used'], activeWork: 4, cpuPercent: 10 });
    expect(nodes[2]).toMatchObject({
      activeWorkers: 0,
      cpuPercent: null,
      statusReasons: ['No sign of life from its manager'],
    });
  });
});

describe('orders for a machine', () => {
  it('scale it, and let it go back to what it was started with', async () => {
    expect(await order(scale, 'living', { workers: 8 })).toMatchObject({
      status: 200,
      body: { nodeId: 'living', desiredWorkers: 8, scaled: true },
    });
    expect(await order(scale, 'living', { workers: null })).toMatchObject({
      body: { desiredWorkers: 3, configuredWorkers: 3, scaled: false },
    });
  });

  it('pause, drain and resume it, and keep its number of workers meanwhile', async () => {
    await order(scale, 'living', { workers: 5 });
    expect((await order(pause, 'living')).body).toMatchObject({ mode: 'paused', desiredWorkers: 5 });
    expect((await order(drain, 'living')).body).toMatchObject({ mode: 'draining', desiredWorkers: 0 });
    expect((await order(resume, 'living')).body).toMatchObject({ mode: 'active', desiredWorkers: 5 });
  });

  it('are announced to managers and to open pages', async () => {
    const heard: string[] = [];
    let connected = false;
    const listener = createListener({
      connectionString: server.database.url,
      applicationName: 'test',
      channels: ['eko_queue', 'eko_events'],
      onConnect: () => {
        connected = true;
      },
      onNotification: (channel, payload) => heard.push(`${channel} ${payload}`),
    });
    try {
      await waitFor(() => connected);
      await order(pause, 'living');
      await waitFor(() => heard.includes('eko_queue order') && heard.some((text) => text.includes('"workers"')));
    } finally {
      await listener.close();
    }
  });

  it('refuse what is no number of workers, and say 404 for machines that are not known', async () => {
    for (const workers of [-1, 257, 1.5, '3', undefined]) {
      expect(await order(scale, 'living', { workers })).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_request' } },
      });
    }
    for (const id of ['nobody', '', '\u0000', 'a'.repeat(300)]) {
      for (const route of [drain, pause, resume]) {
        expect(await order(route, id)).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
      }
      expect((await order(scale, id, { workers: 1 })).status).toBe(404);
    }
  });
});

describe('GET /api/cluster/status', () => {
  const read = async () => {
    const response = await getStatus(apiRequest('/api/cluster/status'), { params: Promise.resolve({}) });
    expect(response.status).toBe(200);
    return (await response.json()) as ApiClusterStatus;
  };

  it('counts machines and work, and lists the machines', async () => {
    await server.context.db.query(
      `insert into scraping_sessions (batch_id, source, location, status)
       select gen_random_uuid(), 'permits', 'x', w from unnest(array['pending', 'pending', 'running', 'completed', 'failed']) w`,
    );
    const status = await read();
    expect(status.nodes).toEqual({ total: 3, healthy: 1, degraded: 1, unhealthy: 0, gone: 1 });
    expect(status.work).toEqual({
      total: 5,
      pending: 2,
      active: 1,
      completed: 1,
      failed: 1,
      cancelled: 0,
      capped: [],
    });
    expect(status.items.map(({ nodeId, activeWork, pendingWork }) => [nodeId, activeWork, pendingWork])).toEqual([
      ['short', 4, 0],
      ['living', 4, 0],
      ['silent', 0, 0],
    ]);
  });

  it('has no rates where nothing happened', async () => {
    expect((await read()).kpis).toEqual({
      completionRate: null,
      successRate: null,
      claimSuccessRate: null,
      utilisation: null,
      completedLastHour: 0,
    });
  });

  it('counts sessions that timed out, died with their worker, or were cancelled, as ended and not completed', async () => {
    const { db, queue } = server.context;
    await queue.registerWorker({ workerId: 'w', nodeId: 'n', hostname: 'h', pid: 1, concurrency: 9 });
    const places = ['completed', 'timed out', 'died', 'stopped', 'started again', 'waiting', 'of two days ago'];
    await queue.enqueue(places.map((location) => ({ source: 'permits', location, maxRetries: 0 })));
    const claims = await new JobQueue({ db }).claim({
      workerId: 'w',
      sources: ['permits'],
      limit: 5,
      jobTimeoutMs: 60_000,
    });
    const [completed, timedOut, died, stopped, again] = claims;
    if (!completed || !timedOut || !died || !stopped || !again) throw new Error('Five sessions could not be claimed.');
    const error = { code: 'network', message: 'no answer' };
    await queue.complete([completed]);
    await queue.retry(timedOut, { error: { code: 'session_timeout', message: 'too slow' } });
    await queue.requestCancel(stopped.id);
    await queue.cancelled(stopped);
    await queue.fail(again, { error });
    await queue.retryByHand(again.id);
    await db.query(`update scraping_sessions set crash_count = 2 where id = $1`, [died.id]);
    await queue.releaseWorker('w', 'crashed');
    for (const { id } of await db.query<{ id: number }>(
      `select id from scraping_sessions where location in ('waiting', 'of two days ago')`,
    ))
      await queue.requestCancel(id);
    await db.query(
      `update scraping_sessions set completed_at = now() - interval '2 days' where location = 'of two days ago'`,
    );
    const { work, kpis } = await read();
    const outcomes = await db.query(`select outcome from scraper_metrics order by session_id`);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'completed',
      'timed_out',
      'crashed',
      'cancelled',
      'failed',
    ]);
    expect(work).toMatchObject({ completed: 1, failed: 2, cancelled: 3, pending: 1 });
    expect(kpis.completionRate).toBe(1 / 5);
  });

  it('rates the last day, and how many places are in use now', async () => {
    const { db } = server.context;
    await db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, timestamp)
       select 1, ordinality, 'permits', 'x', o, now() - case when ordinality = 1 then interval '2 hours' else interval '1 minute' end
       from unnest(array['completed', 'completed', 'completed', 'failed', 'cancelled', 'retry', 'crashed', 'lost', 'snoozed', 'interrupted'])
         with ordinality as a(o, ordinality)`,
    );
    await db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, timestamp)
       values (2, 1, 'permits', 'x', 'failed', now() - interval '2 days')`,
    );
    await db.query(
      `insert into scraping_sessions (batch_id, source, location, status, completed_at)
       values (gen_random_uuid(), 'permits', 'x', 'failed', now() - interval '1 minute')`,
    );
    await db.query(
      `insert into worker_instances (worker_id, node_id, hostname, pid, status, lease_until, concurrency, active_sessions)
       values ('a', 'n', 'h', 1, 'running', now() + interval '1 minute', 4, 3), ('b', 'n', 'h', 2, 'idle', now() + interval '1 minute', 4, 0),
         ('dead', 'n', 'h', 3, 'running', now() - interval '1 minute', 4, 4), ('ended', 'n', 'h', 4, 'stopped', now(), 4, 0)`,
    );
    expect((await read()).kpis).toEqual({
      completionRate: 3 / 4,
      successRate: 3 / 6,
      claimSuccessRate: 0.8,
      utilisation: 3 / 8,
      completedLastHour: 2,
    });
  });
});
