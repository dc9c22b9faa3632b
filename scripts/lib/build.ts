import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lockBuild } from './build-lock.ts';

/** What a build was made from: a hash of each input, by path below the root. */
type Stamp = Record<string, string>;

const ENTRIES = {
  'start-workers': 'scripts/start-workers.ts',
  'scraper-worker': 'src/workers/scraper-worker.ts',
  'demo-server': 'src/demo/main.ts',
};

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

/** Builds what has changed since it was last built: the worker bundles into dist/, the dashboard into .next/. */
export async function buildStale(options: BuildOptions): Promise<void> {
  mkdirSync(path.join(options.root, 'dist'), { recursive: true });
  const release = await lockBuild(path.join(options.root, 'dist'));
  try {
    await buildBundles(options);
    await buildWeb(options);
  } finally {
    release();
  }
}

async function buildBundles({ root, onBuild }: BuildOptions): Promise<void> {
  const file = path.join(root, 'dist', 'bundles.stamp.json');
  const stamp = readStamp(file);
  const complete = Object.keys(ENTRIES).every((name) => existsSync(path.join(root, 'dist', `${name}.js`)));
  if (stamp && complete && isFresh(root, stamp)) return;
  onBuild('workers');
  for (const old of readdirSync(path.join(root, 'dist'))) {
    if (/\.js(\.map)?$/.test(old)) rmSync(path.join(root, 'dist', old));
  }
  const inputs = await bundle(root);
  writeStamp(file, hashAll(root, [...inputs, 'package-lock.json', 'scripts/lib/build.ts']));
}

/** @returns the source files that went in. */
async function bundle(root: string): Promise<string[]> {
  const { build } = await import('esbuild');
  const result = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: 'dist',
    bundle: true,
    // Shared code lies in chunks of its own, beside the entries, so that import.meta.url means the same folder.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    sourcemap: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Optional companions of pg that nobody installs.
    external: ['pg-native', 'pg-cloudflare'],
    // CommonJS packages call require(), which ES modules do not have.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`,
    },
  });
  return Object.keys(result.metafile.inputs).filter((input) => !input.includes('node_modules'));
}

async function buildWeb({ root, onBuild, onLine, signal }: BuildOptions): Promise<void> {
  const file = path.join(root, '.next', 'eko.stamp.json');
  const current = hashAll(
    root,
    listFiles(root, WEB_INPUTS).filter((input) => !NOT_WEB.test(input)),
  );
  const stamp = readStamp(file);
  if (stamp && existsSync(path.join(root, '.next', 'BUILD_ID')) && isSame(stamp, current)) return;
  onBuild('dashboard');
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
  await runNode([next, 'build'], { root, onLine, signal });
  // Next may complete tsconfig.json, which is an input; so the hash from before counts, but for that file.
  writeStamp(file, { ...current, ...hashAll(root, ['tsconfig.json']) });
}

function runNode(
  args: string[],
  { root, onLine, signal }: Pick<BuildOptions, 'root' | 'onLine'> & { signal?: AbortSignal | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
          onLine(line);
          tail.push(line);
        }
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The dashboard could not be built (exit code ${code}):\n${tail.slice(-30).join('\n')}`));
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
