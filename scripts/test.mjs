/**
 * `npm test`: installs what is missing, then runs every kind of test on the Node of the dependencies. Arguments go to
 * vitest, such as the name of a file. Plain JavaScript for Node 20. Exit codes: those of vitest; 1 when the install fails.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './lib/install.mjs';
import { runOnOwnNode } from './lib/run-on-own-node.mjs';

const root = path.resolve(fileURLToPath(import.meta.url), '..', '..');

try {
  await ensureInstalled(root);
  runOnOwnNode(root, 'node_modules/vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
