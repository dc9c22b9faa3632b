import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { buildStage, envOf, type Instruction, parseDockerfile, readDockerignore, wordsOf } from '#test/dockerfile.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { findPeer } from '#test/require-peer.ts';
import { runTool } from '#test/run-tool.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';

/** There is no Docker here: the file's steps are carried out in empty folders, with nothing but what they copy. */
const ROOT = path.resolve(import.meta.dirname, '..');
const tini = findPeer('tini');
const nsenter = findPeer('nsenter', 'util-linux');
const mayUnshare = process.getuid?.() === 0 && nsenter !== null;

let folder: string;
let app: string;
let instructions: Instruction[];
let skipped: string[];
let database: TestDatabase;
let container: ChildProcess | null = null;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(path.join(tmpdir(), 'eko-image-'));
  instructions = parseDockerfile(readFileSync(path.join(ROOT, 'Dockerfile.workers'), 'utf8'));
  const build = { root: folder, context: ROOT, ignored: readDockerignore(path.join(ROOT, '.dockerignore')) };
  skipped = [...(await buildStage(instructions, 'build', build)), ...(await buildStage(instructions, 'base', build))];
  app = path.join(folder, 'base', 'app');
  // A busy machine may take a minute to bundle.
}, 240_000);
afterEach(async () => {
  if (container?.exitCode === null && container.signalCode === null) {
    container.kill('SIGKILL');
    await once(container, 'exit');
  }
  container = null;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

function imageEnv(): Record<string, string | undefined> {
  return {
    ...envOf(instructions, 'base'),
    PATH: process.env.PATH,
    DATABASE_URL: database.url,
    NUM_WORKERS: '1',
    HEARTBEAT_INTERVAL: '1',
    LOCK_TTL: '6',
    EKO_DATA_DIR: path.join(folder, 'data'),
    EKO_HEALTH_FILE: path.join(folder, 'health.json'),
  };
}

/** ENTRYPOINT and CMD as the image has them, as the first process of a PID namespace where this machine lets us make one. */
function startContainer(): ChildProcess {
  const entry = [...wordsOf(instructions, 'base', 'ENTRYPOINT'), ...wordsOf(instructions, 'base', 'CMD')];
  const command = tini ? entry : entry.slice(entry.indexOf('node'));
  const [program = '', ...args] = mayUnshare
    ? ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child', ...command]
    : command;
  container = spawn(program, args, {
    cwd: app,
    env: imageEnv() as NodeJS.ProcessEnv,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return container;
}

const checkHealth = (...args: string[]) =>
  runTool(process.execPath, [...wordsOf(instructions, 'base', 'HEALTHCHECK').slice(1), ...args], {
    cwd: app,
    env: imageEnv(),
  });

async function statusOf(id: number | undefined): Promise<string> {
  const [row] = await database.db.query<{ status: string }>('select status from scraping_sessions where id = $1', [id]);
  return row?.status ?? 'none';
}

/** The first process within the namespace, or the child itself where there is none. */
function firstPid(child: ChildProcess): number {
  if (!mayUnshare) return child.pid ?? 0;
  return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
}

/** States of the processes whose parent it is, as one letter each. */
function childStates(parent: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state = '', ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(ppid) === parent ? [state] : [];
      } catch {
        // It has ended since the folder was read.
        return [];
      }
    });
}

it('leaves out of this test only the commands that change the system', () => {
  expect(skipped.map((command) => command.replace(/ --no-install-recommends| -y/g, ''))).toEqual([
    'apt-get update && apt-get install ca-certificates tini && rm -rf /var/lib/apt/lists/*',
    'mkdir /data && chown node:node /data',
  ]);
});

it('ships the bundles, the migrations and nothing else', () => {
  expect(readdirSync(app).toSorted()).toEqual(['dist-workers', 'drizzle', 'package.json']);
  expect(readdirSync(path.join(app, 'dist-workers')).filter((name) => /launcher|demo/.test(name))).toEqual([]);
});

it('runs a session with only what was copied, tells its health, and stops in order', async () => {
  await runTool(process.execPath, ['dist-workers/migrate.js'], { cwd: app, env: imageEnv() });
  await expect(checkHealth()).rejects.toThrow('has not started yet');
  const child = startContainer();
  const [{ id } = { id: 0 }] = (
    await new JobQueue({ db: database.db }).enqueue([
      { source: 'simulated', location: 'Savannah', params: { durationMs: 100, failureRate: 0 } },
    ])
  ).sessions;
  await waitFor(async () => (await statusOf(id)) === 'completed', {
    timeoutMs: 60_000,
    what: 'the session to complete',
  });
  await waitFor(() => checkHealth('--ready').then(() => true), { timeoutMs: 30_000, intervalMs: 500, what: 'health' });
  await checkHealth();
  process.kill(firstPid(child), 'SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
}, 120_000);

it.skipIf(!mayUnshare || !tini)(
  'leaves no zombie of a process whose parent was killed',
  async () => {
    const child = startContainer();
    const first = await waitFor(() => firstPid(child), { what: 'the first process' });
    const running = () => childStates(first).length > 0;
    await waitFor(running, { timeoutMs: 60_000, what: 'the manager' });
    // Its parent ends at once, so the first process of the namespace inherits it.
    const inside = (command: string) => runTool(nsenter ?? '', ['-t', String(first), '-p', '-m', 'sh', '-c', command]);
    const orphan = await inside('sleep 100 >/dev/null 2>&1 & echo $!');
    expect(childStates(first).length).toBe(2);
    await inside(`kill ${orphan}`);
    await waitFor(() => childStates(first).length === 1, { timeoutMs: 30_000, what: 'the orphan to be reaped' });
  },
  120_000,
);
