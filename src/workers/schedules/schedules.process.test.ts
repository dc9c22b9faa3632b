import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeDemoData } from '#demo/remove-demo-data.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';

let database: TestDatabase;
const managers: ManagerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  await bundleWorkers();
});
afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
  await database.drop();
});

const count = async (what: string): Promise<number> =>
  (await database.db.query<{ count: number }>(`select count(*) from ${what}`))[0]?.count ?? 0;

describe('a due schedule on two machines', () => {
  it('is started once, and its simulated sessions save made-up people that go with the demo data', async () => {
    const targets = ['A', 'B', 'C'].map((location) => ({
      source: 'simulated',
      location,
      params: { durationMs: 100, failureRate: 0, leads: 4, seed: 1 },
    }));
    await database.db.query(
      `insert into schedules (name, every_minutes, targets, settled_until, next_at)
       select 'test', 1440, $1::jsonb, at, at + interval '1 second'
       from (select date_trunc('day', clock_timestamp(), 'UTC') - interval '1 day' as at) as last`,
      [JSON.stringify(targets)],
    );
    const start = (nodeId: string) =>
      startManagerProcess({ databaseUrl: database.url, scrapers: 'built-in', env: { NODE_ID: nodeId } });
    managers.push(...(await Promise.all([start('one'), start('two')])));

    await waitFor(async () => (await count(`scraping_sessions where status = 'completed'`)) === 3, {
      timeoutMs: 100_000,
      what: 'three completed sessions',
    });
    expect(await count('scraping_sessions')).toBe(3);
    expect(await count(`schedule_runs where outcome = 'started'`)).toBe(1);
    expect(await count('schedule_runs')).toBe(1);
    expect(await count('leads where demo')).toBe(12);
    expect(await count('leads')).toBe(12);
    await removeDemoData(database.db);
    expect(await count('leads')).toBe(0);
  }, 150_000);
});
