import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataFolder } from './lib/instance-lock.ts';
import { findFreePort } from './lib/ports.ts';

/** What ends a start before anything is built; the whole of it is walked through in a browser elsewhere. */
describe('npm start', () => {
  let dataDir: string;
  let children: ChildProcess[];
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'eko-start-'));
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(
    env: Record<string, string>,
    args: string[] = [],
  ): Promise<{ code: number | null; said: string }> {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'start.ts'), ...args], {
      env: { ...process.env, PORT: '0', EKO_DATA_DIR: dataDir, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = `${said}${text}`));
    const [code] = await once(child, 'close');
    return { code, said };
  }

  it('ends with 2 and names every wrong setting', async () => {
    const { code, said } = await start({ NUM_WORKERS: 'many', EKO_DEMOO: 'true' });
    expect(code).toBe(2);
    expect(said).toContain('NUM_WORKERS = "many" must be a whole number');
    expect(said).toContain('EKO_DEMOO is not a setting; did you mean EKO_DEMO?');
  });

  it('ends with 2 at words that it does not know, since what they ask for would not be done', async () => {
    const { code, said } = await start({}, ['--port', '4000']);
    expect(code).toBe(2);
    expect(said).toContain('"--port" is not known here');
    expect(said).toContain('PORT=3001 npm start');
    expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
  });

  it('names a database behind a socket that is not there', async () => {
    const folder = encodeURIComponent(dataDir);
    const { code, said } = await start({ DATABASE_URL: `postgres://eko:very-secret@/eko?host=${folder}` });
    expect(code).toBe(1);
    expect(said).toContain(`Cannot reach the database "eko" at ${dataDir} (ENOENT)`);
    expect(said).not.toContain('very-secret');
  });

  it('ends with 1 when the port that was asked for is taken, and says who has it', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, said } = await start({ PORT: String(port) });
    squatter.close();
    expect(code).toBe(1);
    expect(said).toContain(`Port ${port} is taken`);
    if (process.platform === 'linux') expect(said).toContain(`(process ${process.pid})`);
  });

  it('ends with 3 when it already runs on the data folder, and says where', async () => {
    const lock = lockDataFolder(dataDir);
    lock.setUrl('http://127.0.0.1:3999');
    const { code, said } = await start({});
    lock.release();
    expect(code).toBe(3);
    expect(said).toContain('already running at http://127.0.0.1:3999');
  });

  it('starts no database of its own with DATABASE_URL, and says when that one cannot be reached', async () => {
    const port = await findFreePort();
    const { code, said } = await start({ DATABASE_URL: `postgres://eko:very-secret@127.0.0.1:${port}/eko` });
    expect(code).toBe(1);
    expect(said).toContain(`Cannot reach the database "eko" at 127.0.0.1:${port} (ECONNREFUSED)`);
    expect(said).not.toContain('very-secret');
    expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
  });
});
