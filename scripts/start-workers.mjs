/**
 * `npm run workers:start`, workers:dev and worker:single: installs what is missing, then starts the worker manager from
 * source (scripts/start-workers.ts). Plain JavaScript for Node 20. Exit codes: 0 stopped as asked, 1 in the way, 2 settings.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './lib/install.mjs';
import { runOnOwnNode } from './lib/run-on-own-node.mjs';

const root = path.resolve(fileURLToPath(import.meta.url), '..', '..');

try {
  await ensureInstalled(root);
  runOnOwnNode(root, 'scripts/start-workers.ts', process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
