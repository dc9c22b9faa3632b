import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { lockBuild } from './build-lock.ts';

/** What a build was made from: a hash of each input, by path below the root. */
type Stamp = Record<string, string>;

const BUNDLES = [
  'launcher',
  'start-workers',
  'scraper-worker',
  'eko',
  'parse-thread',
  'demo-server',
  'migrate',
  'check-health',
];

/** What `next build` reads. The worker half has a bundle of its own; only what the app half may import is named of it. */
const WEB_INPUTS = ['src', 'public', 'next.config.ts', 'tsconfig.json', 'package.json', 'package-lock.json'];
const NOT_WEB = /(\.test\.tsx?$|^src\/test\/|^src\/workers\/(fetch|scrapers|proxy|maintenance)\/)/;

export interface BuildOptions {
  root: string;
  /** Told once for each thing that is built. */
  onBuild: (what: string) => void;
  /** A line of a tool's output. */
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

/** Bundles launcher, worker half and demo server into dist/, if they have changed since that was last done. */
export async function buildBundles({ root, onBuild, signal }: BuildOptions): Promise<void> {
  const dist = path.join(root, 'dist');
  const file = path.join(dist, 'bundles.stamp.json');
  await locked(root, async () => {
    const stamp = readStamp(file);
    if (stamp && BUNDLES.every((name) => existsSync(path.join(dist, `${name}.js`))) && isFresh(root, stamp)) return;
    onBuild('launcher and workers');
    // A build that is broken off leaves no stamp, so the next start builds again.
    rmSync(file, { force: true });
    for (const old of readdirSync(dist)) {
      if (/\.js(\.map)?$/.test(old)) rmSync(path.join(dist, old));
    }
    const bundler = path.join(root, 'scripts', 'lib', 'bundle-workers.ts');
    const lines: string[] = [];
    await runNode([bundler], { what: 'workers', root, onLine: (line) => lines.push(line), signal });
    const inputs: string[] = JSON.parse(lines.at(-1) ?? '[]');
    writeStamp(file, hashAll(root, [...inputs, 'package-lock.json', 'scripts/lib/bundle-workers.ts']));
  });
}

/** The file of a bundle in dist/ if it is of the source as it is now, else null. Builds nothing. */
export function findFreshBundle(root: string, name: string): string | null {
  const file = path.join(root, 'dist', `${name}.js`);
  const stamp = readStamp(path.join(root, 'dist', 'bundles.stamp.json'));
  return stamp && existsSync(file) && isFresh(root, stamp) ? file : null;
}

/** Builds the dashboard into .next/, if it has changed since that was last done. */
export async function buildWeb({ root, onBuild, onLine, signal }: BuildOptions): Promise<void> {
  const file = path.join(root, '.next', 'eko.stamp.json');
  await locked(root, async () => {
    const inputs = listFiles(root, WEB_INPUTS).filter((input) => !NOT_WEB.test(input));
    const current = hashAll(root, inputs);
    const stamp = readStamp(file);
    if (stamp && existsSync(path.join(root, '.next', 'BUILD_ID')) && isSame(stamp, current)) return;
    onBuild('dashboard');
    rmSync(file, { force: true });
    const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
    await runNode([next, 'build'], { what: 'dashboard', root, onLine, signal });
    // Next may complete tsconfig.json, which is an input; so the hash from before counts, but for that file.
    writeStamp(file, { ...current, ...hashAll(root, ['tsconfig.json']) });
  });
}

async function locked(root: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(path.join(root, 'dist'), { recursive: true });
  const release = await lockBuild(path.join(root, 'dist'));
  try {
    await work();
  } finally {
    release();
  }
}

interface ToolRun {
  what: string;
  root: string;
  onLine: (line: string) => void;
  signal: AbortSignal | undefined;
}

function runNode(args: string[], { what, root, onLine, signal }: ToolRun): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (line.trim() === '') return;
        onLine(line);
        tail.push(line);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The ${what} could not be built (exit code ${code}):\n${tail.slice(-30).join('\n')}`));
    });
  });
}

function listFiles(root: string, entries: string[]): string[] {
  return entries.flatMap((entry) => {
    const full = path.join(root, entry);
    if (!existsSync(full)) return [];
    const found = readdirSync(path.dirname(full), { withFileTypes: true }).find(
      (item) => item.name === path.basename(full),
    );
    if (!found?.isDirectory()) return [entry];
    return readdirSync(full, { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => path.relative(root, path.join(item.parentPath, item.name)).split(path.sep).join('/'));
  });
}

function hashAll(root: string, files: string[]): Stamp {
  return Object.fromEntries(files.toSorted().map((file) => [file, hashFile(path.join(root, file))]));
}

function hashFile(file: string): string {
  if (!existsSync(file)) return 'absent';
  return createHash('sha256').update(readFileSync(file)).digest('base64url').slice(0, 22);
}

function isFresh(root: string, stamp: Stamp): boolean {
  return isSame(stamp, hashAll(root, Object.keys(stamp)));
}

function isSame(a: Stamp, b: Stamp): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** An unreadable stamp means: build. */
function readStamp(file: string): Stamp | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stamp;
  } catch {
    return null;
  }
}

function writeStamp(file: string, stamp: Stamp): void {
  writeFileSync(file, JSON.stringify(stamp));
}
