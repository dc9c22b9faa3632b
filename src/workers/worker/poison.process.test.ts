import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import type { Script } from '#test/scripted-scrapers.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '../queue/job-queue.ts';

let database: TestDatabase;
let manager: ManagerProcess | null = null;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await manager?.destroy();
  await database.drop();
});

const POISON: Script = { do: 'exit', code: 7 };
/** Its first checkpoint comes long after a poison beside it has ended their process. */
const GOOD: Script = { do: 'steps', count: 2, stepMs: 500 };

async function enqueue(scripts: readonly Script[]): Promise<number[]> {
  const queue = new JobQueue({ db: database.db });
  const { sessions } = await queue.enqueue(
    scripts.map((script, index) => ({ source: 'permits', location: `Place ${index}`, params: { ...script } })),
  );
  return sessions.map(({ id }) => id);
}

/** No wait for a further try: those that died together come back together, which is harder than what the queue does. */
async function wakeAndCount(): Promise<number> {
  await database.db.query(
    `update scraping_sessions set wake_at = clock_timestamp() where status = 'pending' and wake_at > clock_timestamp()`,
  );
  const [row] = await database.db.query<{ open: number }>(
    `select count(*)::int as open from scraping_sessions where status in ('pending', 'running')`,
  );
  return row?.open ?? 0;
}

/** Deaths that were charged, and how many other sessions the process of the last one took with it. */
const DEATHS = `
select s.id, s.status, s.crash_count as "crashCount", s.error->>'code' as "errorCode",
  (select count(*)::int from scraper_metrics m where m.session_id = s.id and m.outcome = 'crashed') as charged,
  (select count(*)::int from scraper_metrics m join scraper_metrics o on o.worker_id = m.worker_id and o.session_id <> m.session_id
    and o.outcome in ('crashed', 'lost') and o.timestamp between m.timestamp - interval '1 second' and m.timestamp + interval '1 second'
    where m.session_id = s.id and m.claim_number = (select max(l.claim_number) from scraper_metrics l where l.session_id = s.id)
  ) as "diedWithLast"
from scraping_sessions s order by s.id`;

it('quarantines each poison after three deaths, the last one alone, and no session that shared its process', async () => {
  const scripts = Array.from({ length: 12 }, (_, index) => (index % 5 === 2 ? POISON : GOOD));
  const ids = await enqueue(scripts);
  manager = await startManagerProcess({ databaseUrl: database.url, workers: 2, env: { WORKER_CONCURRENCY: '4' } });
  await waitFor(async () => (await wakeAndCount()) === 0, { timeoutMs: 150_000, what: 'all sessions to end' });
  const rows = await database.db.query(DEATHS);
  const poisonIds = ids.filter((_, index) => scripts[index] === POISON);
  expect(rows.filter(({ id }) => poisonIds.includes(Number(id)))).toEqual(
    poisonIds.map((id) => ({
      id,
      status: 'failed',
      crashCount: 3,
      errorCode: 'quarantined',
      charged: 3,
      diedWithLast: 0,
    })),
  );
  const good = rows.filter(({ id }) => !poisonIds.includes(Number(id)));
  expect(good.filter(({ status }) => status !== 'completed')).toEqual([]);
  // Else they never shared a process, and nothing was tested.
  expect(good.some(({ charged }) => Number(charged) > 0)).toBe(true);
}, 180_000);
