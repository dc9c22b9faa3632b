import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET as getStats } from '#app/api/archive/stats/route.ts';
import { GET as getSummary } from '#app/api/metrics/summary/route.ts';
import type { ApiSummary } from '#lib/api/worker.ts';
import type { ArchiveStats } from '#lib/archive/archive-stats.ts';
import { DEFAULT_KEPT_DAYS, saveKeptDays } from '#lib/archive/kept-days.ts';
import { readArchiveDays } from '#lib/archive/read-archive-days.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { readEnv } from '#lib/env.ts';
import { silentLogger } from '#lib/logger.ts';
import { routeParams } from '#test/api-routes.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { pruneOldRows } from '#workers/maintenance/prune-old-rows.ts';
import { retentionOf } from '#workers/maintenance/retention.ts';
import { type ClaimedSession, JobQueue } from '#workers/queue/job-queue.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());

async function stats(query = ''): Promise<ArchiveStats> {
  const response = await getStats(apiRequest(`/api/archive/stats${query}`), routeParams());
  expect(response.status).toBe(200);
  return (await response.json()) as ArchiveStats;
}

async function summary(): Promise<ApiSummary> {
  return (await (await getSummary(apiRequest('/api/metrics/summary'), routeParams())).json()) as ApiSummary;
}

/** Lets what has happened so far have happened on one day, also where midnight was just now. */
async function moveTo(day: string): Promise<void> {
  const noon = `${day}T12:00:00Z`;
  await server.context.db.query('update scraping_sessions set created_at = $1', [noon]);
  await server.context.db.query('update scraping_sessions set completed_at = $1 where completed_at is not null', [
    noon,
  ]);
  await server.context.db.query('update scraper_metrics set timestamp = $1', [noon]);
}

/** Two sessions that completed, one of them at its second try, one that failed, two that were cancelled, and one that waits. */
async function makeSessions(): Promise<void> {
  const { queue } = server.context;
  const error = { code: 'network', message: 'no answer' };
  const stats = { requestsMade: 10, requestsFailed: 1, bytesReceived: 1_000 };
  await queue.registerWorker({ workerId: 'w', nodeId: 'n', hostname: 'h', pid: 1, concurrency: 9 });
  const claim = async (limit: number): Promise<ClaimedSession[]> =>
    await new JobQueue({ db: server.context.db }).claim({
      workerId: 'w',
      sources: ['permits'],
      limit,
      jobTimeoutMs: 60_000,
    });
  await queue.enqueue(['a', 'b', 'c', 'd', 'e', 'f'].map((location) => ({ source: 'permits', location })));
  const [a, b, c, d] = await claim(4);
  if (!a || !b || !c || !d) throw new Error('Four sessions could not be claimed.');
  await queue.checkpoint(a, { cursor: 1 }, async () => ({ found: 5, fresh: 2 }));
  await queue.complete([{ ...a, stats }]);
  await queue.retry(b, { error, delayMs: 0, stats });
  const [again] = await claim(1);
  if (again?.id !== b.id) throw new Error('The second try was not claimed.');
  await queue.complete([{ ...again, stats }]);
  await queue.fail(c, { error, stats });
  await queue.requestCancel(d.id);
  await queue.cancelled(d);
  const [e] = await server.context.db.query<{ id: number }>(`select id from scraping_sessions where location = 'e'`);
  await queue.requestCancel(e?.id ?? 0);
}

const EXPECTED = {
  sessionsCompleted: 2,
  sessionsFailed: 1,
  sessionsCancelled: 2,
  attempts: 5,
  attemptsFailed: 2,
  leadsFound: 5,
  leadsNew: 2,
  requestsMade: 40,
  requestsFailed: 4,
  bytesReceived: 4_000,
};

describe('GET /api/archive/stats', () => {
  it('gives the same figures before and after their rows are pruned, step by step, and the summary does not fall', async () => {
    await makeSessions();
    const day = new Date(Date.now() - 100 * 86_400_000).toISOString().slice(0, 10);
    await moveTo(day);
    const range = `?from=${day}&to=${day}`;
    const before = await stats(range);
    expect(before).toMatchObject({ from: day, to: day, totals: EXPECTED, keptDays: { sessions: 90, metrics: 180 } });
    expect(before.days).toMatchObject([{ day, source: 'permits', ...EXPECTED }]);
    const { sessions } = await summary();
    expect(sessions).toMatchObject({ completed: 2, failed: 1, cancelled: 2, pending: 1 });

    const retention = retentionOf(DEFAULT_KEPT_DAYS);
    expect(await pruneOldRows(server.context.db, retention)).toMatchObject({ sessions: 5, metrics: 0 });
    expect(await stats(range)).toEqual(before);
    expect((await summary()).sessions).toEqual(sessions);

    const [left] = await server.context.db.query(`select count(*) as attempts from scraper_metrics`);
    expect(left).toEqual({ attempts: 5 });
    expect(await pruneOldRows(server.context.db, { ...retention, metricsMs: 0 })).toMatchObject({ metrics: 5 });
    expect(await stats(range)).toEqual(before);
  });

  it('shows the last thirty days unless asked for others', async () => {
    const { from, to, days } = await stats();
    expect(Date.parse(to) - Date.parse(from)).toBe(29 * 86_400_000);
    expect(days).toEqual([]);
    expect(await stats('?from=2024-01-01')).toMatchObject({ from: '2024-01-01', to: '2024-12-31' });
    expect(await stats('?to=2024-01-30')).toMatchObject({ from: '2024-01-01', to: '2024-01-30' });
  });

  it('gives each day of a long range once, newest first, from statements over a month at most', async () => {
    const { db } = server.context;
    await db.query(
      `insert into archive_days (day, source, attempts) select date '2023-03-01' + n, 'permits', n from generate_series(0, 364) n`,
    );
    const parts: unknown[] = [];
    const watched: Executor = {
      query: (text, values) => {
        parts.push(values);
        return db.query(text, values);
      },
    };
    const days = await readArchiveDays(watched, { from: '2023-03-02', to: '2024-02-27' });
    expect(days.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 363 }, (_, index) => 363 - index));
    expect(parts).toHaveLength(12);
    expect(parts.slice(0, 2)).toEqual([
      ['2024-01-28', '2024-02-27'],
      ['2023-12-28', '2024-01-27'],
    ]);
  });

  it('says how long all machines keep rows, whatever this one was told', async () => {
    const told = readEnv({ EKO_KEEP_SESSIONS_DAYS: '365' });
    await saveKeptDays(server.context.db, told, silentLogger());
    expect((await stats()).keptDays).toEqual({ sessions: 365, logs: 14, metrics: 180 });
  });

  it.each([
    ['?from=2025-02-30', 'from'],
    ['?from=yesterday', 'from'],
    ['?from=2025-03-02&to=2025-03-01', 'to'],
    ['?from=2020-01-01&to=2025-01-01', 'from'],
    ['?form=2025-01-01', 'form'],
  ])('refuses %s and names what is wrong', async (query, field) => {
    const response = await getStats(apiRequest(`/api/archive/stats${query}`), routeParams());
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(field);
  });
});
