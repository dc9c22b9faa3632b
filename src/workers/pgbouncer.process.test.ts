import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { type PgBouncer, POOL_SIZE, startPgBouncer } from '#test/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { findPeer } from '#test/require-peer.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

const PGBOUNCER = findPeer('pgbouncer');
const LONG = process.env.LONG_RUN === '1';
const SESSIONS = 6;
const PAGES = 4;

let database: TestDatabase;
let bouncer: PgBouncer;
let db: Db;
let site: NumberedSite;
let folder: string;
let manager: ManagerProcess | null = null;

describe.skipIf(PGBOUNCER === null)('through PgBouncer in transaction mode', () => {
  beforeEach(async () => {
    database = await createTestDatabase();
    bouncer = await startPgBouncer(PGBOUNCER ?? '', database.url);
    db = createDb({ connectionString: bouncer.url, applicationName: 'eko-test', max: 10 });
    site = await startNumberedSite(5);
    folder = await mkdtemp(path.join(tmpdir(), 'eko-data-'));
  });
  afterEach(async () => {
    await manager?.destroy();
    manager = null;
    await db.close();
    await bouncer.stop();
    await database.drop();
    await site.close();
    await rm(folder, { recursive: true });
  });

  const start = (env: Record<string, string> = {}) =>
    startManagerProcess({
      databaseUrl: bouncer.url,
      workers: 2,
      env: { EKO_ALLOW_ADDRESSES: site.address, EKO_DATA_DIR: folder, LOCK_TTL: '30', ...env },
    });

  const enqueue = async (count: number) => {
    const params = { do: 'pages', origin: site.origin, count: PAGES };
    const locations = Array.from({ length: count }, (_, index) => `Place ${index}`);
    return await new JobQueue({ db }).enqueue(locations.map((location) => ({ source: 'permits', location, params })));
  };

  const allCompleted = async () => {
    const [row] = await db.query<{ open: number }>(
      `select count(*)::int as open from scraping_sessions where status <> 'completed'`,
    );
    return row?.open === 0;
  };

  /** Prepared statements of all connections between the pooler and the server, held at the same moment. */
  const namedStatements = async () => {
    let holding = 0;
    const look = () =>
      db.transaction(async (tx) => {
        const found = await tx.query<{ pid: number; named: number }>(
          'select pg_backend_pid() as pid, (select count(*)::int from pg_prepared_statements) as named',
        );
        holding += 1;
        await waitFor(() => holding === POOL_SIZE);
        return found;
      });
    const looks = await Promise.all(Array.from({ length: POOL_SIZE }, look));
    expect(new Set(looks.flat().map(({ pid }) => pid)).size).toBe(POOL_SIZE);
    return looks.flat().reduce((sum, { named }) => sum + named, 0);
  };

  it('sessions run and complete with all their leads, heard of over the direct address, with no named statement', async () => {
    manager = await start({ DIRECT_DATABASE_URL: database.url });
    await enqueue(SESSIONS);
    await waitFor(allCompleted, { timeoutMs: 60_000, what: 'all sessions to complete' });
    expect(await db.query('select count(*)::int as leads from leads')).toEqual([{ leads: SESSIONS * PAGES * 2 }]);
    expect(await namedStatements()).toBe(0);
    expect(manager.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(manager.lines.filter(({ message }) => message.startsWith('No notifications'))).toEqual([]);
  });

  it('says what is missing without the direct address, and still picks sessions up by looking', async () => {
    manager = await start();
    await waitFor(() => manager?.lines.some((line) => JSON.stringify(line).includes('DIRECT_DATABASE_URL')), {
      timeoutMs: 60_000,
      what: 'a line that names DIRECT_DATABASE_URL',
    });
    for (let round = 0; round < (LONG ? 20 : 1); round += 1) {
      await enqueue(1);
      await waitFor(allCompleted, { timeoutMs: 60_000, what: 'the session to complete' });
    }
    const [row] = await db.query<{ slowest: number }>(
      `select max(extract(epoch from m.started_at - s.created_at))::float8 as slowest
       from scraping_sessions s join scraper_metrics m on m.session_id = s.id`,
    );
    process.stdout.write(`picked up after at most ${row?.slowest.toFixed(2)} s\n`);
    expect(row?.slowest).toBeLessThan(LONG ? 4 : 15);
    expect(await namedStatements()).toBe(0);
  }, 180_000);
});

describe.skipIf(PGBOUNCER === null)('createDb', () => {
  it('drops the time limits that a pooler refuses, keeps those of transactions, and leaves nothing behind', async () => {
    const own = await createTestDatabase();
    const pooler = await startPgBouncer(PGBOUNCER ?? '', own.url);
    const pool = createDb({
      connectionString: pooler.url,
      applicationName: 'eko-test',
      max: 8,
      statementTimeoutMs: 3_000,
    });
    const shown = `select current_setting('statement_timeout') as limit`;
    try {
      const first = await Promise.all(Array.from({ length: 8 }, () => pool.query(shown)));
      expect(first.flat()).toEqual(Array(8).fill({ limit: '0' }));
      expect(await pool.transaction((tx) => tx.query(shown))).toEqual([{ limit: '3s' }]);
      await expect(pool.transaction((tx) => tx.query('select pg_sleep(20)'))).rejects.toMatchObject({ code: '57014' });
      expect(await pool.orm.execute(shown)).toMatchObject({ rows: [{ limit: '0' }] });
      // Without a limit on the server's side the client's own deadline ends the wait.
      await expect(pool.query('select pg_sleep(20)')).rejects.toThrow('Query read timeout');
      expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await pool.close();
      await pooler.stop();
      await own.drop();
    }
  });

  it('sends them where nothing stands in between', async () => {
    const own = await createTestDatabase();
    const pool = createDb({ connectionString: own.url, applicationName: 'eko-test', statementTimeoutMs: 3_000 });
    try {
      expect(await pool.query(`select current_setting('statement_timeout') as limit`)).toEqual([{ limit: '3s' }]);
      await expect(pool.query('select pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
    } finally {
      await pool.close();
      await own.drop();
    }
  });
});
