import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive } from './manager-process.ts';
import { runTool } from './run-tool.ts';
import { waitFor } from './wait-for.ts';

const require = createRequire(import.meta.url);
const PROGRAM = require.resolve('pm2/bin/pm2');

/** One entry of `pm2 jlist`, as far as tests need it. */
export interface Pm2App {
  name: string;
  /** 0 while it does not run. */
  pid: number;
  pm2_env: { status: string; restart_time: number };
}

/** A PM2 daemon of the test's own, with its files in a temporary folder. */
export interface Pm2 {
  /**
   * One command of its command line, such as `start ecosystem.config.js`.
   * @throws Error with what it said where it fails.
   */
  run(...args: string[]): Promise<string>;
  apps(): Promise<Pm2App[]>;
  /** Ends the daemon and all that it has started. */
  close(): Promise<void>;
}

/** @param env Environment of the apps, on top of a nearly empty one. */
export async function createPm2(env: Record<string, string>): Promise<Pm2> {
  const home = await mkdtemp(path.join(tmpdir(), 'eko-pm2-'));
  const childEnv = { PATH: process.env.PATH, HOME: home, PM2_HOME: home, ...env };
  const run = (...args: string[]) => runTool(process.execPath, [PROGRAM, ...args], { env: childEnv });
  const pidFile = path.join(home, 'pm2.pid');
  return {
    run,
    apps: async () => JSON.parse((await run('jlist', '--silent')).trim()) as Pm2App[],
    async close() {
      const daemon = existsSync(pidFile) ? Number(await readFile(pidFile, 'utf8')) : 0;
      const pids =
        daemon > 0 ? (JSON.parse((await run('jlist', '--silent')).trim()) as Pm2App[]).map(({ pid }) => pid) : [];
      for (const pid of [daemon, ...pids]) if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
      await waitFor(() => ![daemon, ...pids].some((pid) => pid > 0 && isAlive(pid)), { what: 'PM2 to be gone' });
      await rm(home, { recursive: true, force: true });
    },
  };
}
