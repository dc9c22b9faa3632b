import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

/**
 * Bundles launcher, worker half and demo server, in a process of its own: the bundler's memory goes when it ends. Writes the source
 * files that went in to stdout, as a JSON array. With --workers-only it leaves out what a machine without dashboard has no
 * use for; --out names another folder than dist.
 */
const { values: flags } = parseArgs({
  options: { 'workers-only': { type: 'boolean' }, out: { type: 'string', default: 'dist' } },
});

const WORKER_ENTRIES = {
  'start-workers': 'scripts/start-workers.ts',
  'scraper-worker': 'src/workers/worker/scraper-worker.ts',
  eko: 'scripts/lib/run-eko.ts',
  'parse-thread': 'src/workers/parse/parse-thread.ts',
  'check-health': 'scripts/check-health.ts',
  migrate: 'scripts/migrate.ts',
};

const ENTRIES = {
  ...WORKER_ENTRIES,
  launcher: 'scripts/lib/launcher.ts',
  'demo-server': 'src/demo/main.ts',
};

const result = await build({
  absWorkingDir: path.resolve(import.meta.dirname, '../..'),
  entryPoints: flags['workers-only'] ? WORKER_ENTRIES : ENTRIES,
  outdir: flags.out,
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
  // Optional companions of pg that nobody installs; and what is loaded only for the first page that needs a browser, which
  // finds its own files beside it.
  external: ['pg-native', 'pg-cloudflare', 'playwright-core'],
  // CommonJS packages call require(), which ES modules do not have.
  banner: {
    js: `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`,
  },
});
const sources = Object.keys(result.metafile.inputs).filter((input) => !input.includes('node_modules'));
process.stdout.write(JSON.stringify(sources));
