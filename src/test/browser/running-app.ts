import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** The first start of a clone builds the dashboard. */
const START_MS = 400_000;

/** The whole product, started as a person starts it. */
export interface RunningApp {
  origin: string;
  /** Works once. */
  signInLink: string;
  adminToken: string;
  stop(): Promise<void>;
}

/** Starts everything with a data folder and a port of its own: database, dashboard, workers and the demo publishers. */
export async function startApp(): Promise<RunningApp> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'eko-browser-'));
  const adminToken = 'token-of-the-browser-tests';
  const { DATABASE_URL: _url, DIRECT_DATABASE_URL: _direct, ...inherited } = process.env;
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts/start.ts')], {
    cwd: ROOT,
    env: {
      ...inherited,
      NODE_ENV: 'production',
      EKO_DATA_DIR: dataDir,
      EKO_DEMO: 'true',
      PORT: '0',
      NUM_WORKERS: '1',
      ADMIN_TOKEN: adminToken,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(dataDir, { recursive: true, force: true });
  };
  const link = new Promise<string>((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Error(`It did not start:\n${said.slice(-30).join('\n')}`)), START_MS);
    child.once('close', (code) => reject(new Error(`It ended with code ${code}:\n${said.slice(-30).join('\n')}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        const found = /https?:\/\/[^\s"]+\/sign-in\?token=[\w-]+/.exec(line);
        if (found === null) return;
        clearTimeout(overdue);
        resolve(found[0]);
      });
    }
  });
  try {
    const signInLink = await link;
    return { origin: new URL(signInLink).origin, signInLink, adminToken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
