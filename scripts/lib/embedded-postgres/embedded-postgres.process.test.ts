import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { waitFor } from '#test/wait-for.ts';
import { readPidFile } from './cluster.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { judgePid } from './postgres-process.ts';

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  let events: string[];
  let running: EmbeddedPostgres[];
  let children: ChildProcess[];

  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'eko-embedded-'));
    events = [];
    running = [];
    children = [];
    // mkdtemp makes closed folders; the tests that want one say so.
    chmodSync(dataDir, 0o755);
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const server of running) await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres(dataDir, (_level, message) => events.push(message));
    running.push(server);
    return server;
  }

  /** Another process that starts the server, as the launcher does. */
  async function startElsewhere(): Promise<{ child: ChildProcess; pid: number; url: string; dataFolder: string }> {
    const child = fork(path.join(import.meta.dirname, '__fixtures__', 'start-and-wait.ts'), [dataDir]);
    children.push(child);
    const [message] = await once(child, 'message');
    return { child, ...message };
  }

  it('keeps its data, its port and its passwords over a stop and a start', async () => {
    const first = await start();
    await runSql(first.url, 'create table kept (id int)');
    await runSql(first.url, 'insert into kept values (7)');
    await first.stop();
    expect(readPidFile(first.dataFolder)).toBeNull();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await runSql(second.url, 'select id from kept')).toEqual([{ id: 7 }]);
  });

  it('listens on loopback only, asks for the password, and gives the app a role without superuser', async () => {
    const { url, port } = await start();
    expect(
      await runSql(
        url,
        `select current_setting('listen_addresses') as a, rolsuper from pg_roles where rolname = current_user`,
      ),
    ).toEqual([{ a: '127.0.0.1', rolsuper: false }]);
    await expect(runSql(`postgres://postgres:password@127.0.0.1:${port}/postgres`, 'select 1')).rejects.toThrow(
      'password authentication failed',
    );
    expect(statSync(path.join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
  });

  it('shuts the server down when the process that started it is killed', async () => {
    const { child, pid, dataFolder } = await startElsewhere();
    child.kill('SIGKILL');
    await waitFor(() => judgePid(pid, dataFolder) !== 'ours', { timeoutMs: 40_000, what: 'the server to end' });
  });

  it('stops a server that was left running, and finds what was committed on it', async () => {
    const first = await start();
    await runSql(first.url, 'create table left_over as select 1 as id');
    const second = await start();
    expect(events.join()).toContain(`stopped the server that an earlier launcher left running`);
    expect(await runSql(second.url, 'select id from left_over')).toEqual([{ id: 1 }]);
  });

  it('starts the server again on the same port after it was killed', async () => {
    const server = await start();
    const before = server.pid();
    process.kill(before, 'SIGKILL');
    await waitFor(() => server.pid() !== before, { timeoutMs: 40_000, what: 'another server' });
    expect(await runSql(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('never signals a foreign process whose pid stands in a stale pid file', async () => {
    const first = await start();
    await first.stop();
    const bystander = fork(path.join(import.meta.dirname, '__fixtures__', 'wait.ts'));
    children.push(bystander);
    writeFileSync(path.join(first.dataFolder, 'postmaster.pid'), `${bystander.pid}\n${first.dataFolder}\n1\n1\n`);
    await start();
    expect(events.join()).toContain('now another program');
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it('chooses another port when its own is taken', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    const second = await start();
    expect(second.port).not.toBe(first.port);
    squatter.close();
  });

  it('sets new passwords when the file with them is lost, and keeps the data', async () => {
    const first = await start();
    await runSql(first.url, 'create table precious as select 1 as id');
    await first.stop();
    rmSync(path.join(dataDir, 'postgres.json'));
    const second = await start();
    expect(await runSql(second.url, 'select id from precious')).toEqual([{ id: 1 }]);
  });

  it('begins anew when the first set-up was killed half way', async () => {
    mkdirSync(path.join(dataDir, 'postgres', 'data.new', 'base'), { recursive: true });
    const server = await start();
    expect(await runSql(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'works below a folder that only root can enter, and finds its data again',
    async () => {
      chmodSync(dataDir, 0o700);
      const first = await start();
      await runSql(first.url, 'create table hidden_away as select 1 as id');
      await first.stop();
      expect(existsSync(path.join(dataDir, 'postgres.location'))).toBe(true);
      const second = await start();
      expect(await runSql(second.url, 'select id from hidden_away')).toEqual([{ id: 1 }]);
      await second.stop();
      rmSync(path.dirname(path.dirname(second.dataFolder)), { recursive: true });
    },
  );
});

async function runSql(connectionString: string, text: string) {
  const db = createDb({ connectionString, applicationName: 'eko-test', max: 1 });
  try {
    return await db.query(text);
  } finally {
    await db.close();
  }
}
