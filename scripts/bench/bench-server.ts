import { createDb } from '#lib/db/create-db.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres-server.ts';

/** What PostgreSQL does unless it is told otherwise; the server of the tests trades durability for speed. */
const STOCK_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  shared_buffers: '128MB',
  autovacuum_naptime: '1min',
};

/** A PostgreSQL of the bench's own, stock settings, durable commits, with our schema in the database of `url`. */
export async function startBenchServer(): Promise<TestPostgres> {
  const server = await startTestPostgres(STOCK_SETTINGS);
  const admin = createDb({ connectionString: server.adminUrl, applicationName: 'eko-bench', max: 1 });
  const rows = await admin.query(
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'server_version', 'shared_buffers')`,
  );
  await admin.query('create database peer owner eko');
  await admin.close();
  console.log(`PostgreSQL: ${rows.map(({ name, setting }) => `${name}=${setting}`).join(' ')}`);
  return server;
}

export function databaseUrl(server: TestPostgres, name: string): string {
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.toString();
}

/** The value below which the share `q` of the sorted values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
