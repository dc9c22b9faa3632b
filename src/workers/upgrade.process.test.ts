import { afterEach, describe, expect, it } from 'vitest';
import { migrate } from '#lib/db/migrate.ts';
import { PROGRAM_SCHEMA } from '#lib/db/schema-version.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createDatabaseAt } from '#test/schema-at.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

const PATIENT = { timeoutMs: 60_000 };

let database: TestDatabase;
const managers: ManagerProcess[] = [];

afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
  await database.drop();
});

async function start(): Promise<ManagerProcess> {
  const manager = await startManagerProcess({ databaseUrl: database.url, workers: 2, env: { NODE_ID: 'machine' } });
  managers.push(manager);
  return manager;
}

async function enqueue(count: number, script: 'nothing' | 'wait'): Promise<void> {
  const places = Array.from({ length: count }, (_, index) => `Place ${index}`);
  const queue = new JobQueue({ db: database.db });
  await queue.enqueue(places.map((location) => ({ source: 'permits', location, params: { do: script } })));
}

async function countSessions(status: string): Promise<number> {
  const rows = await database.db.query('select from scraping_sessions where status = $1', [status]);
  return rows.length;
}

const saysIn = (manager: ManagerProcess, words: string) => () =>
  manager.lines.some((line) => line.message.includes(words));
const isRunning = (manager: ManagerProcess) => manager.process.exitCode === null && manager.process.signalCode === null;

async function outcomes(): Promise<unknown[]> {
  return await database.db.query(
    `select outcome, count(*)::int as attempts from scraper_metrics group by outcome order by outcome`,
  );
}

/** As docs/upgrades.md says that a migration which takes something away has to end. */
async function requireProgram(program: number): Promise<void> {
  await database.db.transaction(async (tx) => {
    await tx.query('update schema_support set oldest_program = $1', [program]);
    await tx.query('update worker_instances set lease_until = clock_timestamp()');
  });
}

describe('a manager whose database has an older schema', () => {
  it('waits, says how to mend it, and does all the work once that is done, without a restart', async () => {
    database = await createDatabaseAt(PROGRAM_SCHEMA - 1);
    await enqueue(20, 'nothing');
    const manager = await start();
    await waitFor(saysIn(manager, 'run "npm run migrate"'), PATIENT);
    expect(manager.workerPids()).toEqual([]);
    expect(await countSessions('pending')).toBe(20);

    expect(await migrate(database.url)).toMatchObject({ applied: 1 });
    await waitFor(async () => (await countSessions('completed')) === 20, PATIENT);
    expect(await outcomes()).toEqual([{ outcome: 'completed', attempts: 20 }]);
    expect(isRunning(manager)).toBe(true);
  });

  it('ends at once when it is told to while it waits', async () => {
    database = await createDatabaseAt(PROGRAM_SCHEMA - 1);
    const manager = await start();
    await waitFor(saysIn(manager, 'run "npm run migrate"'), PATIENT);
    manager.kill('SIGTERM');
    expect(await manager.exited).toBe(0);
  });
});

describe('a manager that a migration leaves behind', () => {
  it('hands everything back unharmed, claims nothing, says why, and stays; a fitting one does the work', async () => {
    database = await createTestDatabase();
    await enqueue(4, 'wait');
    const manager = await start();
    await waitFor(async () => (await countSessions('running')) === 4, PATIENT);
    await requireProgram(PROGRAM_SCHEMA + 1);
    await waitFor(async () => (await countSessions('pending')) === 4, PATIENT);
    await waitFor(() => manager.workerPids().length === 0, PATIENT);
    await waitFor(saysIn(manager, 'start a newer version'), PATIENT);

    const [shown] = await waitForReason();
    expect(shown?.reason).toContain('start a newer version');
    expect(isRunning(manager)).toBe(true);
    const charged = await database.db.query('select from scraping_sessions where retry_count > 0 or crash_count > 0');
    expect(charged).toEqual([]);
    expect(await countSessions('pending')).toBe(4);

    // The schema is brought back: whoever watches the process starts it anew.
    await database.db.query(`update scraping_sessions set params = '{"do":"nothing"}'`);
    await requireProgram(PROGRAM_SCHEMA);
    expect(await manager.exited).toBe(1);
    await start();
    await waitFor(async () => (await countSessions('completed')) === 4, PATIENT);
  });

  async function waitForReason(): Promise<{ reason: string }[]> {
    const read = () =>
      database.db.query<{ reason: string }>(
        `select status_reasons[1] as reason from nodes where node_id = 'machine' and status = 'unhealthy'`,
      );
    await waitFor(async () => (await read()).length === 1, PATIENT);
    return await read();
  }
});
