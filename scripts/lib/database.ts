import { migrate } from '#lib/db/migrate.ts';
import type { Env } from '#lib/env.ts';
import { startEmbeddedPostgres } from './embedded-postgres/embedded-postgres.ts';
import type { Output } from './output.ts';
import { type Shutdown, STOP_RANK } from './shutdown.ts';

export interface DatabaseUrls {
  url: string;
  /** Without a pooler in between. */
  directUrl: string;
}

/** Uses DATABASE_URL, or starts the embedded server where that is not set; then brings the schema up to date. */
export async function openDatabase(env: Env, shutdown: Shutdown, output: Output): Promise<DatabaseUrls> {
  const urls = env.DATABASE_URL
    ? { url: env.DATABASE_URL, directUrl: env.DIRECT_DATABASE_URL ?? env.DATABASE_URL }
    : await startEmbedded(env, shutdown, output);
  const { applied } = await migrate(urls.directUrl).catch((cause: Error) => {
    throw new Error(explainMigrationFailure(cause, urls.directUrl), { cause });
  });
  if (applied > 0) output.say('info', `applied ${applied} migrations`);
  shutdown.throwIfRequested();
  return urls;
}

async function startEmbedded(env: Env, shutdown: Shutdown, output: Output): Promise<DatabaseUrls> {
  const server = await startEmbeddedPostgres(env.EKO_DATA_DIR, (level, message) =>
    output.childLine('database', JSON.stringify({ level, message })),
  );
  output.say(
    'info',
    `embedded PostgreSQL on 127.0.0.1:${server.port}, data in ${server.dataFolder}. Good for trying out and one machine; for production set DATABASE_URL to a managed PostgreSQL`,
  );
  shutdown.add({
    name: 'the database',
    rank: STOP_RANK.database,
    stop: () => server.stop(),
    kill: () => server.kill(),
  });
  return { url: server.url, directUrl: server.url };
}

/** The address goes in without its password. */
function explainMigrationFailure(cause: Error, url: string): string {
  // Without a host it is a socket's, whose folder stands among the parameters.
  const { host, pathname, searchParams } = URL.parse(url) ?? new URL(url.replace('@/', '@socket/'));
  const code = 'code' in cause ? String(cause.code) : '';
  const where = `the database "${pathname.slice(1)}" at ${searchParams.get('host') ?? host}`;
  if (['ENOENT', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(code)) {
    return `Cannot reach ${where} (${code}). Check DATABASE_URL and that the server runs, or unset it to use the embedded one.`;
  }
  if (['28P01', '28000', '3D000'].includes(code)) {
    return `Cannot sign in to ${where}: ${cause.message}. Check user, password and database name in DATABASE_URL.`;
  }
  return `Cannot bring the schema of ${where} up to date; nothing was changed: ${cause.message}`;
}
