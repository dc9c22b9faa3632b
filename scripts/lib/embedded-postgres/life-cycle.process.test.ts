import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { judgePid } from './postgres-process.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const ROUNDS = process.env.LONG_RUN === '1' ? 20 : 2;
const RIVALS = 6;

/** Who else is there is read from /proc. */
describe.skipIf(process.platform !== 'linux')('the life of the embedded PostgreSQL', () => {
  let folders: string[];
  let children: ChildProcess[];
  let servers: EmbeddedPostgres[];
  let events: string[];

  beforeEach(() => {
    folders = [];
    children = [];
    servers = [];
    events = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const server of servers) await server.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  function makeFolder(): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'eko-life-'));
    chmodSync(folder, 0o755);
    folders.push(folder);
    return folder;
  }

  async function start(dataDir: string): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres(dataDir, (_level, message) => events.push(message));
    servers.push(server);
    return server;
  }

  interface App {
    child: ChildProcess;
    /** Of the server. */
    pid: number;
    url: string;
    dataFolder: string;
  }

  async function startApp(dataDir: string): Promise<App> {
    const child = fork(path.join(import.meta.dirname, '__fixtures__', 'start-and-wait.ts'), [dataDir]);
    children.push(child);
    const [message] = await once(child, 'message');
    return { child, ...message };
  }

  it('loses no commit and leaves no server behind, however often the app is killed and started again at once', async () => {
    const dataDir = makeFolder();
    let dataFolder = '';
    for (let round = 1; round <= ROUNDS; round += 1) {
      const app = await startApp(dataDir);
      dataFolder = app.dataFolder;
      await runSql(app.url, 'create table if not exists rounds (round int primary key)');
      await runSql(app.url, `insert into rounds values (${round})`);
      // In every other round nobody is left to shut the server down either, and the next start finds it running.
      if (round % 2 === 1) for (const pid of watchdogsOf(dataFolder)) process.kill(pid, 'SIGKILL');
      app.child.kill('SIGKILL');
      await once(app.child, 'exit');
    }
    const last = await start(dataDir);
    const [row] = await runSql(last.url, 'select count(*)::int as count from rounds');
    expect(row).toEqual({ count: ROUNDS });
    expect(postmastersOn(dataFolder)).toEqual([last.pid()]);
    await last.stop();
    expect(postmastersOn(dataFolder)).toEqual([]);
  }, 240_000);

  it('never signals a PostgreSQL on another folder whose pid stands in a stale pid file', async () => {
    const neighbour = await start(makeFolder());
    const neighbourPid = neighbour.pid();
    const dataDir = makeFolder();
    const first = await start(dataDir);
    await first.stop();
    const file = path.join(first.dataFolder, 'postmaster.pid');
    writeFileSync(file, `${neighbourPid}\n${first.dataFolder}\n1\n${neighbour.port}\n`);
    expect(judgePid(neighbourPid, first.dataFolder)).toBe('other');
    await start(dataDir);
    expect(events.join()).toContain('now another program');
    expect(neighbour.pid()).toBe(neighbourPid);
    expect(await runSql(neighbour.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  }, 120_000);

  it('gives a data folder to one of many apps that start at once, also where a dead one left its lock', async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const dataDir = makeFolder();
      if (round % 2 === 0) writeFileSync(path.join(dataDir, 'launcher.lock'), '{"pid":1,"mark":"an earlier start"}');
      const rivals = await Promise.all(Array.from({ length: RIVALS }, () => startRival(dataDir)));
      const answers = rivals.map(async (rival) => (await once(rival, 'message'))[0] as string);
      for (const rival of rivals) rival.send('now');
      const said = await Promise.all(answers);
      expect(said.toSorted()).toEqual(['held', ...Array.from({ length: RIVALS - 1 }, () => 'refused')]);
      for (const rival of rivals) rival.kill('SIGKILL');
    }
  }, 240_000);

  async function startRival(dataDir: string): Promise<ChildProcess> {
    const rival = fork(path.join(import.meta.dirname, '__fixtures__', 'lock-and-wait.ts'), [dataDir]);
    children.push(rival);
    await once(rival, 'message');
    return rival;
  }
});

/** Processes for which `isOne` says so; those that end meanwhile are left out. */
function findPids(isOne: (pid: string) => boolean): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => isSafely(() => isOne(pid))).map(Number);
}

function isSafely(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    // Gone, or not ours to look at.
    return false;
  }
}

const nameOf = (pid: string) => path.basename(readlinkSync(`/proc/${pid}/exe`));

/** All processes of a server work in its folder; the postmaster's parent does not. */
const postmastersOn = (dataFolder: string) =>
  findPids((pid) => worksIn(pid, dataFolder) && !worksIn(parentOf(pid), dataFolder));

const worksIn = (pid: string, dataFolder: string) =>
  isSafely(() => nameOf(pid) === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === dataFolder);

function parentOf(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}

/** The shells that shut a server down when its app is gone. */
const watchdogsOf = (dataFolder: string) =>
  findPids((pid) => {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[1] === '-c' && words[3] === dataFolder;
  });

async function runSql(connectionString: string, text: string) {
  const db = createDb({ connectionString, applicationName: 'eko-test', max: 1 });
  try {
    return await db.query(text);
  } finally {
    await db.close();
  }
}
