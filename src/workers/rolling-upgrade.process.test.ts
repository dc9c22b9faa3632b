import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '#lib/db/migrate.ts';
import { type AskedApi, startAskedApi } from '#test/api-process.ts';
import { type LogLine, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import type { TestDatabase } from '#test/postgres.ts';
import { openPreviousProgram, type PreviousProgram } from '#test/previous-program.ts';
import { createDatabaseAt } from '#test/schema-at.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

/**
 * LONG_RUN=1, by hand: the program of before the last migration and this one on one database, under load. The short form, which
 * needs no history, is upgrade.process.test.ts.
 */
const LONG = process.env.LONG_RUN === '1';
const ROOT = path.resolve(import.meta.dirname, '../..');
const SESSIONS = 300;
const PAGES = 3;
/** How often a user has asked for everything at least, once an upgrade is over. */
const ROUNDS_MIN = 10;

describe.runIf(LONG)('an upgrade, one machine after the other', () => {
  let previous: PreviousProgram;
  let site: NumberedSite;
  let database: TestDatabase;
  const managers: ManagerProcess[] = [];
  const apis: AskedApi[] = [];

  beforeAll(async () => {
    previous = await openPreviousProgram();
    site = await startNumberedSite(10);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
    await Promise.all(apis.splice(0).map((api) => api.close()));
    await database.drop();
  });
  afterAll(async () => {
    await site.close();
    previous.remove();
  });

  async function start(nodeId: string, bundles?: string): Promise<ManagerProcess> {
    const env = { EKO_ALLOW_ADDRESSES: site.address, TEST_RATE_LIMIT_MS: '5', NODE_ID: nodeId };
    const manager = await startManagerProcess({
      databaseUrl: database.url,
      workers: 2,
      env,
      ...(bundles === undefined ? {} : { bundles }),
    });
    managers.push(manager);
    return manager;
  }

  /** The dashboard's side of a version, whose users want answers from now on. */
  async function startApi(root: string): Promise<AskedApi> {
    const api = await startAskedApi(root, database.url);
    apis.push(api);
    await waitFor(() => api.rounds() > 0, { timeoutMs: 60_000, what: 'a user to have asked everything once' });
    return api;
  }

  /** Its users have seen nothing of what went on, and were there for a while. */
  async function expectUndisturbed(api: AskedApi): Promise<void> {
    apis.splice(apis.indexOf(api), 1);
    expect(await api.close()).toEqual([]);
    expect(api.rounds()).toBeGreaterThan(ROUNDS_MIN);
  }

  async function enqueue(count: number, name: string): Promise<void> {
    const params = { do: 'pages', origin: site.origin, count: PAGES };
    const places = Array.from({ length: count }, (_, index) => `${name} ${index}`);
    await new JobQueue({ db: database.db }).enqueue(
      places.map((location) => ({ source: 'permits', location, params })),
    );
  }

  async function completed(): Promise<number> {
    const rows = await database.db.query(
      `select from scraping_sessions where status = 'completed' and source = 'permits'`,
    );
    return rows.length;
  }
  const reaches = (count: number) =>
    waitFor(async () => (await completed()) >= count, { timeoutMs: 300_000, what: `${count} completed sessions` });

  async function expectNothingLost(): Promise<void> {
    const [sums] = await database.db.query(
      `select count(*) filter (where status = 'completed')::int as completed, sum(leads_found)::int as found,
         sum(leads_new)::int as fresh, (select count(*)::int from leads) as leads, sum(retry_count)::int as charged,
         (select count(*)::int from scraper_metrics where outcome not in ('completed', 'interrupted', 'lost', 'snoozed')) as failures
       from scraping_sessions where source = 'permits'`,
    );
    const leads = SESSIONS * PAGES * 2;
    expect(sums).toEqual({ completed: SESSIONS, found: leads, fresh: leads, leads, charged: 0, failures: 0 });
    const errors = managers.flatMap((manager) => manager.lines.filter(isError).map((line) => line.message));
    expect(errors).toEqual([]);
  }

  it('loses nothing and doubles nothing while both versions work on the new schema', async () => {
    database = await createDatabaseAt(previous.migrations);
    await enqueue(SESSIONS / 3, 'Before');
    const old = await start('old', previous.bundles);
    const oldApi = await startApi(previous.root);
    await reaches(SESSIONS / 6);
    await migrate(database.url);
    const newApi = await startApi(ROOT);
    await start('new');
    await waitFor(async () => (await livingWorkers('new')) === 2, { timeoutMs: 120_000, what: 'the new workers' });
    await enqueue(SESSIONS - SESSIONS / 3, 'After');
    await waitFor(async () => (await nodesThatCompleted()).length === 2, { timeoutMs: 120_000, what: 'both to work' });
    old.kill('SIGTERM');
    expect(await old.exited).toBe(0);
    await expectUndisturbed(oldApi);
    await reaches(SESSIONS);
    await expectUndisturbed(newApi);
    await expectNothingLost();
  }, 900_000);

  it('lets the new version wait for the schema while the old one works on', async () => {
    database = await createDatabaseAt(previous.migrations);
    await enqueue(SESSIONS, 'Place');
    const waiting = await start('new');
    await waitFor(() => waiting.lines.some((line) => line.message.includes('run "npm run migrate"')), {
      timeoutMs: 60_000,
    });
    const old = await start('old', previous.bundles);
    const oldApi = await startApi(previous.root);
    await reaches(SESSIONS * 0.3);
    expect(waiting.workerPids()).toEqual([]);
    old.kill('SIGTERM');
    expect(await old.exited).toBe(0);
    await migrate(database.url);
    await expectUndisturbed(oldApi);
    await reaches(SESSIONS);
    await expectNothingLost();
  }, 900_000);

  async function livingWorkers(nodeId: string): Promise<number> {
    const rows = await database.db.query(
      'select from worker_instances where node_id = $1 and lease_until > clock_timestamp()',
      [nodeId],
    );
    return rows.length;
  }

  /** The machines that completed sessions which came after the migration. */
  async function nodesThatCompleted(): Promise<unknown[]> {
    return await database.db.query(
      `select distinct w.node_id from scraper_metrics m join worker_instances w using (worker_id)
       where m.location like 'After %' and m.outcome = 'completed'`,
    );
  }
});

const isError = (line: LogLine) => line.level === 'error' || line.level === 'fatal';
