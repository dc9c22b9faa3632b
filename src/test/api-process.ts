import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { TEST_TOKEN } from './server-context.ts';

/** What pages of the dashboard read, and a button that may be pressed again: under its key it starts one session. */
const READ = [
  '/api/archive/stats',
  '/api/cluster/status',
  '/api/hosts',
  '/api/leads',
  '/api/metrics/summary',
  '/api/nodes',
  '/api/portals',
  '/api/proxies',
  '/api/schedules',
  '/api/sessions',
  '/api/sessions/1',
  '/api/sessions/counts',
  '/api/sources',
  '/api/workers',
];
const TRIGGER = { path: '/api/scraping/trigger', body: { location: 'Georgia', sources: ['simulated'] } };
const PAUSE_MS = 50;

/** Loads the handlers of the folder that it runs in; written for any version of the program that has startApiServer. */
const PROGRAM = `
const { startApiServer } = await import('#test/api-server.ts');
const { createServerContext, installServerContext } = await import('#server/context.ts');
const { readEnv } = await import('#lib/env.ts');
installServerContext(createServerContext(readEnv(process.env)));
const server = await startApiServer();
process.on('disconnect', () => process.exit());
process.send(server.origin);`;

/** The API of one version of the program, as a process of its own, with a user who asks it all the time. */
export interface AskedApi {
  /** How often every request has been made. */
  rounds(): number;
  /** Stops user and process. @returns what the user was told that was no success, in words. */
  close(): Promise<string[]>;
}

/** @param root The folder of the program's source. */
export async function startAskedApi(root: string, databaseUrl: string): Promise<AskedApi> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, ADMIN_TOKEN: TEST_TOKEN, LOG_LEVEL: 'silent' };
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: root,
    env: { NODE_ENV: 'test', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [origin] = (await once(child, 'message')) as [string];
  const failures: string[] = [];
  let rounds = 0;
  let isAsking = true;
  const asking = (async () => {
    for (; isAsking; rounds += 1) {
      for (const path of READ) failures.push(...(await ask(origin, path)));
      failures.push(...(await ask(origin, TRIGGER.path, TRIGGER.body)));
      await wait(PAUSE_MS);
    }
  })();
  return {
    rounds: () => rounds,
    async close() {
      isAsking = false;
      await asking;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
      return [...new Set(failures)];
    },
  };
}

async function ask(origin: string, path: string, body?: unknown): Promise<string[]> {
  const headers = { authorization: `Bearer ${TEST_TOKEN}`, 'idempotency-key': 'user' };
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  };
  try {
    const response = await fetch(`${origin}${path}`, body === undefined ? { headers } : post);
    const text = await response.text();
    return response.ok ? [] : [`${path}: ${response.status} ${text}`];
  } catch (error) {
    return [`${path}: ${error}`];
  }
}
