import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '#test/wait-for.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** A first start builds the dashboard. */
const START_TIMEOUT_MS = 300_000;

export interface StartedApp {
  origin: string;
  /** As printed: works once. */
  signInLink: string;
  adminToken: string;
  /** Asks the API as admin. */
  call(path: string, init?: { method?: string; body?: unknown }): Promise<{ status: number; body: never }>;
  stop(): Promise<void>;
}

/** Starts everything as `npm start` does, on a data folder of its own and a free port. */
export async function startApp(env: Record<string, string> = {}): Promise<StartedApp> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'eko-app-'));
  // Below a closed folder the database would go to a lasting place outside, which stop() does not remove.
  chmodSync(dataDir, 0o755);
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts/start.ts')], {
    cwd: ROOT,
    env: { ...withoutTestSettings(), PORT: '0', EKO_DATA_DIR: dataDir, NUM_WORKERS: '2', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = `${said}${text}`));
  const readLink = () => /http:\/\/[^\s"]+\/sign-in\?token=[\w-]+/.exec(said)?.[0];
  await waitFor(() => readLink() !== undefined || hasEnded(child), { timeoutMs: START_TIMEOUT_MS }).catch(
    async (error: unknown) => {
      await stopApp(child, dataDir);
      throw error;
    },
  );
  const signInLink = readLink();
  if (!signInLink)
    throw new Error(`The start ended with ${child.exitCode ?? child.signalCode}:\n${said.slice(-4_000)}`);
  const { origin } = new URL(signInLink);
  const token = readFileSync(path.join(dataDir, 'admin-token'), 'utf8').trim();
  return {
    origin,
    signInLink,
    adminToken: token,
    call: (route, init) => callApi(`${origin}${route}`, token, init),
    stop: () => stopApp(child, dataDir),
  };
}

/** The test runner's own settings would change what is started. */
function withoutTestSettings(): NodeJS.ProcessEnv {
  const { NODE_ENV: _mode, VITEST: _vitest, ...rest } = process.env;
  return rest as NodeJS.ProcessEnv;
}

async function callApi(url: string, token: string, init: { method?: string; body?: unknown } = {}) {
  const response = await fetch(url, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function stopApp(child: ChildProcess, dataDir: string): Promise<void> {
  if (!hasEnded(child)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(dataDir, { recursive: true, force: true });
}
