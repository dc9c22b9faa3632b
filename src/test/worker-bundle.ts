import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');

let bundled: Promise<string> | null = null;

/**
 * Manager, worker and the scrapers of tests as the build makes them: a worker is up in a fraction of the time, and what is
 * tested is what runs in production. Made once per test file; gives its folder.
 */
export function bundleWorkers(): Promise<string> {
  bundled ??= bundleTree(ROOT);
  return bundled;
}

/** The same of another version of the program, which lies in `root`; what it does not have yet is left out. */
export async function bundleTree(root: string): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-test-workers-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: root,
    entryPoints: existingEntries(root, {
      'start-workers': 'scripts/start-workers.ts',
      // Where it is now, and where an earlier program has it.
      'scraper-worker': ['src/workers/worker/scraper-worker.ts', 'src/workers/scraper-worker.ts'],
      'parse-thread': 'src/workers/parse/parse-thread.ts',
      'scripted-scrapers': 'src/test/scripted-scrapers.ts',
      'broken-scrapers': 'src/test/broken-scrapers.ts',
      'chaos-scrapers': 'scripts/chaos/chaos-scrapers.ts',
    }),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'warning',
    external: ['pg-native', 'pg-cloudflare', 'playwright-core'],
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`,
    },
  });
  return folder;
}

/** Of several places of a file the first where it is. */
function existingEntries(root: string, entries: Record<string, string | string[]>): Record<string, string> {
  const found = Object.entries(entries).map(
    ([name, places]) => [name, [places].flat().find((file) => existsSync(path.join(root, file)))] as const,
  );
  return Object.fromEntries(found.flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])));
}
