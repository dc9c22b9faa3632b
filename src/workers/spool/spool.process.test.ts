import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LogLine, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { readSpoolFile } from './spool-file.ts';

const PAGES = 12;
/** The page that is under way when the database goes. */
const HELD_PAGE = 4;

let database: TestDatabase;
let proxy: TcpFaultProxy;
let site: NumberedSite;
let folder: string;
const managers: ManagerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await TcpFaultProxy.start({ port: Number(new URL(database.url).port) });
  site = await startNumberedSite();
  folder = await mkdtemp(path.join(tmpdir(), 'eko-data-'));
});
afterEach(async () => {
  for (const manager of managers.splice(0)) await manager.destroy();
  await proxy.close();
  await database.drop();
  await site.close();
  await rm(folder, { recursive: true });
});

async function startManager(): Promise<ManagerProcess> {
  const env = { EKO_ALLOW_ADDRESSES: site.address, EKO_DATA_DIR: folder, LOCK_TTL: '12', TEST_RATE_LIMIT_MS: '0' };
  const manager = await startManagerProcess({ databaseUrl: proxy.through(database.url), workers: 1, env });
  managers.push(manager);
  return manager;
}

const spoolFiles = async () =>
  (await readdir(path.join(folder, 'spool'), { recursive: true }).catch(() => [] as string[])).filter((name) =>
    name.endsWith('.spool'),
  );

/** Whether a file holds more than whose it is. */
async function isPageOnDisk(): Promise<boolean> {
  const [file] = await spoolFiles();
  if (file === undefined) return false;
  const found = await readSpoolFile(path.join(folder, 'spool', file));
  return found !== null && found.records.length > 0;
}

async function one<T>(text: string): Promise<T> {
  return (await database.db.query(text))[0] as T;
}

it('a page read while the database was away outlives the worker and its manager, and is not read again', async () => {
  const manager = await startManager();
  site.holdFrom(HELD_PAGE);
  const params = { do: 'pages', origin: site.origin, count: PAGES };
  await new JobQueue({ db: database.db }).enqueue([{ source: 'permits', location: 'Georgia', params }]);
  await waitFor(() => site.requests.length === HELD_PAGE, { timeoutMs: 60_000, what: 'a page under way' });
  proxy.set({ refuse: true });
  proxy.cut();
  site.release();
  await waitFor(isPageOnDisk, { timeoutMs: 30_000, what: 'a page on disk' });
  expect(await one('select cursor from scraping_sessions')).toEqual({ cursor: HELD_PAGE - 1 });
  // While the database was away no page was asked for, since no slot was to be had.
  expect(site.requests).toHaveLength(HELD_PAGE);

  // All at once, as in a power cut.
  for (const pid of [manager.pid, ...manager.workerPids()]) process.kill(pid, 'SIGKILL');
  await manager.exited;
  proxy.heal();
  const next = await startManager();
  const isDelivered = ({ message, end }: LogLine) => message.startsWith('What a worker had left') && end === 'saved';
  await waitFor(() => next.lines.some(isDelivered), { timeoutMs: 60_000, what: 'the page on disk to be delivered' });

  const open = () =>
    one<{ open: number }>(`select count(*)::int as open from scraping_sessions where status <> 'completed'`);
  await waitFor(async () => (await open()).open === 0, { timeoutMs: 60_000, what: 'the session to complete' });
  expect(await one('select count(*)::int as leads from leads')).toEqual({ leads: PAGES * 2 });
  expect(await one('select leads_found as found, retry_count as tries from scraping_sessions')).toEqual({
    found: PAGES * 2,
    tries: 0,
  });
  const asked = site.requests.map(({ path: page }) => page);
  expect(new Set(asked).size).toBe(PAGES);
  expect(asked).toHaveLength(PAGES);
  expect(await spoolFiles()).toEqual([]);
}, 180_000);
