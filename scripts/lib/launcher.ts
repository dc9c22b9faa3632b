import { existsSync } from 'node:fs';
import path from 'node:path';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { localEchoUrl } from '#lib/echo-answer.ts';
import { type Env, readEnv, SettingsError } from '#lib/env.ts';
import { createSignInLink, openAdminToken, openSecretKey } from './access.ts';
import { buildWeb } from './build.ts';
import { superviseChild } from './children.ts';
import { type DatabaseUrls, openDatabase } from './database.ts';
import { startDemo } from './demo-child.ts';
import { type ReservedPort, reserveHttpPort } from './http-port.ts';
import { AlreadyRunningError, type InstanceLock, lockDataFolder } from './instance-lock.ts';
import { createOutput, type Output } from './output.ts';
import { syncAllPortals } from './portals.ts';
import { Shutdown, STOP_RANK } from './shutdown.ts';
import { startWeb } from './web-child.ts';

/** Longer than the manager's own time to drain. */
const WORKERS_GRACE_MS = 45_000;

interface Launch {
  root: string;
  env: Env;
  dev: boolean;
  output: Output;
  shutdown: Shutdown;
}

/**
 * The launcher: database → schema → builds → portals and demo → dashboard → workers → address, and all of it down again in
 * the other order. Reached through start.mjs, whose head lists the exit codes, which this returns.
 */
export async function runLauncher(root: string): Promise<number> {
  const output = createOutput({
    pretty: process.stdout.isTTY === true,
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
    write: (text) => process.stdout.write(text),
  });
  // A closed terminal must not keep us from stopping things in order.
  process.stdout.on('error', () => {});
  const shutdown = new Shutdown(output);
  shutdown.listen();
  let lock: InstanceLock | null = null;
  let exitCode = 0;
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    const dev = readDevFlag(process.argv.slice(2));
    const env = readEnv();
    lock = lockDataFolder(env.EKO_DATA_DIR);
    await launch({ root, env, dev, output, shutdown }, lock);
    await shutdown.requested;
  } catch (error) {
    if (!shutdown.signal.aborted) exitCode = explain(error);
  }
  const hurriedBy = await shutdown.run();
  lock?.release();
  if (exitCode === 0 && !hurriedBy) output.say('info', 'everything is stopped');
  return hurriedBy ? (hurriedBy === 'SIGINT' ? 130 : 143) : exitCode;
}

/** @throws SettingsError for anything but --dev: what it asks for would not be done. */
function readDevFlag(words: readonly string[]): boolean {
  const unknown = words.find((word) => word !== '--dev');
  if (unknown === undefined) return words.length > 0;
  throw new SettingsError(
    `"${unknown}" is not known here: settings come from the environment or from .env, such as "PORT=3001 npm start".`,
  );
}

/** Says what is in the way. @returns the exit code. */
function explain(error: unknown): number {
  const known = error instanceof SettingsError || error instanceof AlreadyRunningError;
  const cause = error instanceof Error && !known && process.env.LOG_LEVEL === 'debug' ? `\n${error.stack}` : '';
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}${cause}\n\n`);
  return error instanceof SettingsError ? 2 : error instanceof AlreadyRunningError ? 3 : 1;
}

async function launch(context: Launch, lock: InstanceLock): Promise<void> {
  const { env, dev, output, shutdown } = context;
  const reserved = await reserveHttpPort(env.PORT, env.HOST, (port) => {
    if (env.PORT === undefined) output.say('warn', `port ${port} is taken, trying the next one`);
  });
  try {
    const urls = await openDatabase(env, shutdown, output);
    if (!dev) await build(context);
    await startParts(context, urls, reserved, lock);
  } finally {
    await reserved.release();
  }
}

async function build({ root, output, shutdown }: Launch): Promise<void> {
  await buildWeb({
    root,
    onBuild: (what) => output.say('info', `building the ${what} (only after changes)`),
    onLine: (line) => output.childLine('build', line),
    signal: shutdown.signal,
  });
  shutdown.throwIfRequested();
}

async function startParts(
  context: Launch,
  urls: DatabaseUrls,
  reserved: ReservedPort,
  lock: InstanceLock,
): Promise<void> {
  const { root, env, dev, output, shutdown } = context;
  const db = createDb({ connectionString: urls.url, applicationName: 'eko-launcher', max: 1 });
  try {
    const base = baseEnv(env, urls, reserved.port);
    const demoOrigin = env.EKO_DEMO
      ? await startDemo(
          { root, dataDir: env.EKO_DATA_DIR, script: script(root, dev, 'demo'), env: base },
          shutdown,
          output,
        )
      : null;
    await syncAllPortals(db, { file: env.EKO_PORTALS_FILE, demoOrigin });
    const childEnv = withDemo(base, env, demoOrigin);
    startWorkers(context, childEnv);
    const origin = await startWeb(
      { root, host: env.HOST, wanted: env.PORT || undefined, reserved, dev, env: childEnv },
      shutdown,
      output,
    );
    lock.setUrl(origin);
    await welcome(db, origin, output);
  } finally {
    await db.close();
  }
}

/** What all children get: our own environment, and what was decided here. */
function baseEnv(env: Env, urls: DatabaseUrls, httpPort: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DATABASE_URL: urls.url,
    // The workers beside a dashboard have its database.
    EKO_SERVER_URL: '',
    DIRECT_DATABASE_URL: urls.directUrl,
    ADMIN_TOKEN: openAdminToken(env.ADMIN_TOKEN, env.EKO_DATA_DIR),
    EKO_SECRET_KEY: openSecretKey(env.EKO_SECRET_KEY, env.EKO_DATA_DIR),
    EKO_DATA_DIR: env.EKO_DATA_DIR,
    EKO_INTERNAL_ECHO_URL: localEchoUrl(env.HOST, httpPort),
  };
}

/** The demo answers on loopback, which scrapers may not ask unless it is named. */
function withDemo(base: NodeJS.ProcessEnv, env: Env, demoOrigin: string | null): NodeJS.ProcessEnv {
  if (demoOrigin === null) return base;
  const allowed = [...env.EKO_ALLOW_ADDRESSES, new URL(demoOrigin).host].join(',');
  return { ...base, EKO_ALLOW_ADDRESSES: allowed, EKO_INTERNAL_DEMO_ORIGIN: demoOrigin };
}

function script(root: string, dev: boolean, part: 'demo' | 'workers'): string {
  if (dev) return path.join(root, part === 'demo' ? 'src/demo/main.ts' : 'scripts/start-workers.ts');
  return path.join(root, 'dist', part === 'demo' ? 'demo-server.js' : 'start-workers.js');
}

function startWorkers({ root, dev, output, shutdown }: Launch, env: NodeJS.ProcessEnv): void {
  const args = [script(root, dev, 'workers'), ...(dev ? ['--dev'] : [])];
  const child = superviseChild({ name: 'workers', args, env, cwd: root, graceMs: WORKERS_GRACE_MS }, output);
  shutdown.add({ name: 'the workers', rank: STOP_RANK.workers, stop: child.stop, kill: child.kill });
}

async function welcome(db: Db, origin: string, output: Output): Promise<void> {
  const link = await createSignInLink(db, origin);
  output.show([
    `EKO Lead Generator runs at ${origin}`,
    `Sign in with this link (once, within 24 hours): ${link}`,
    'Ctrl-C stops everything; the data stays.',
  ]);
}
