import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDb } from '#lib/db/create-db.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres-server.ts';
import { ChaosArena } from './chaos-arena.ts';

/** Each is a host of its own with a line and a pace of its own. */
const SITES = 8;
const ANSWER_MS = 10;

/**
 * A commit that was acknowledged must be in the log that a crashed server recovers from; the disk itself is not lost, so nobody waits
 * for that.
 */
const SERVER_SETTINGS = { synchronous_commit: 'on', max_connections: '300' };

/** What all checks of a run share: a PostgreSQL server of its own, some sites, and a folder for histories. */
export interface ChaosWorld {
  server: TestPostgres;
  sites: readonly NumberedSite[];
  /**
   * Runs `work` with an empty database and no process, and ends whatever it has left.
   * @param serverUrl of a server of the check's own, made by startTestPostgres; the one that all share unless given.
   */
  withArena<T>(work: (arena: ChaosArena) => Promise<T>, serverUrl?: string): Promise<T>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<ChaosWorld> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-chaos-'));
  const server = await startTestPostgres(SERVER_SETTINGS);
  const sites = await Promise.all(Array.from({ length: SITES }, () => startNumberedSite(ANSWER_MS)));
  return {
    server,
    sites,
    async withArena(work, serverUrl = server.url) {
      const name = `chaos_${randomBytes(4).toString('hex')}`;
      await onServer(serverUrl, `create database ${name} template eko`);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      const arena = new ChaosArena({
        sites,
        databaseUrl: url.toString(),
        historyFile: path.join(folder, `${name}.ndjson`),
      });
      try {
        return await work(arena);
      } finally {
        await arena.close();
      }
    },
    async close() {
      await Promise.all(sites.map((site) => site.close()));
      await server.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = '/postgres';
  const db = createDb({ connectionString: url.toString(), applicationName: 'chaos-setup', max: 1 });
  try {
    await db.query(statement);
  } finally {
    await db.close();
  }
}
