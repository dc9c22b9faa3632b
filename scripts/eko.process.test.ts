import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import packageJson from '../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '..');

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(path.join(tmpdir(), 'eko-cli-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  NODE_ENV: 'test' as const,
  PATH: process.env.PATH,
  DATABASE_URL: database.url,
  EKO_DATA_DIR: folder,
  LOG_LEVEL: 'silent',
});

/** Runs the real command line as a program would, from another folder. */
async function eko(...args: string[]): Promise<{ code: number; json: Record<string, unknown>[]; err: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts/eko.mjs'), ...args], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const lines = out.split('\n').filter((line) => line !== '');
  return { code, json: lines.map((line) => JSON.parse(line)), err };
}

/** The same in a shell, for what only a shell makes of its output. */
async function inShell(script: string): Promise<{ code: number; out: string; err: string }> {
  const child = spawn('sh', ['-c', script.replaceAll('$EKO', '"$NODE" "$PROGRAM"')], {
    cwd: folder,
    env: { ...environment(), NODE: process.execPath, PROGRAM: path.join(ROOT, 'scripts/eko.mjs') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

describe('npx eko', () => {
  it('starts a session, works it off, tells how it went, and ends with the codes that are promised', async () => {
    const params = '{"durationMs":50,"leads":2,"failureRate":0}';
    const triggered = await eko('trigger', 'Georgia', '--sources', 'simulated', '--params', params);
    expect(triggered).toMatchObject({ code: 0, json: [{ sessions: [{ source: 'simulated', status: 'pending' }] }] });

    const [worked, contradiction] = await Promise.all([
      eko('worker', '--workers', '1', '--max-work', '1'),
      eko('worker', '--once', '--drain'),
    ]);
    expect(worked).toMatchObject({ code: 0, err: '' });
    expect(worked.json.map(({ event }) => event)).toEqual(expect.arrayContaining(['waiting', 'stopping', 'stopped']));
    expect(worked.json.at(-1)).toMatchObject({ event: 'stopped', reason: 'max-work', processed: 1, succeeded: 1 });
    const [session] = await database.db.query('select status, leads_found from scraping_sessions');
    expect(session).toEqual({ status: 'completed', leads_found: 2 });
    expect(contradiction).toMatchObject({ code: 2, json: [] });
    expect(contradiction.err).toContain(`option '--once' cannot be used with option '--drain'`);
  }, 240_000);

  it('tells its version', async () => {
    const { code, out, err } = await inShell('$EKO --version');
    expect({ code, out, err }).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' });
  }, 120_000);

  it.skipIf(process.platform === 'win32')(
    'ends quietly when its reader has seen enough',
    async () => {
      const [session] = await database.db.query<{ id: number }>(
        `insert into scraping_sessions (batch_id, source, location, status) values (gen_random_uuid(), 'simulated', 'x', 'cancelled') returning id`,
      );
      await database.db.query(
        `insert into session_logs (session_id, level, message, claim_number)
         select $1, 'info', repeat('x', 300), 1 from generate_series(1, 3000)`,
        [session?.id],
      );
      const { out, err } = await inShell(
        `{ $EKO sessions logs ${session?.id}; echo "ended with $?" >&2; } | head -n 1`,
      );
      expect(JSON.parse(out)).toMatchObject({ level: 'info' });
      expect(err).toBe('ended with 1\n');
    },
    120_000,
  );

  it.skipIf(!existsSync('/dev/full'))(
    'fails, and says so, when what it tells cannot be written',
    async () => {
      for (const command of ['sessions list', 'leads export']) {
        const { code, err } = await inShell(`$EKO ${command} > /dev/full`);
        expect({ command, code, err }).toEqual({
          command,
          code: 1,
          err: 'What was to be told cannot be written: ENOSPC: no space left on device, write\n',
        });
      }
    },
    120_000,
  );

  // In a process of its own: the server waits for the password until the connection ends.
  it('says that the server wants a password where the address has none', async () => {
    const url = new URL(database.url);
    url.password = '';
    const { code, err } = await eko('--database-url', url.href, 'status');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(
        /^The database at postgres:.* cannot be used: .*The server wants a password: .* DATABASE_URL\.\n$/,
      ),
    });
  }, 120_000);
});
