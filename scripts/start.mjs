/**
 * `npm start` and, with --dev, `npm run dev`: everything from one command, on a machine with only Node >= 20 and npm.
 * This part is plain JavaScript: it installs the dependencies if they are missing or stale, and hands over to start.ts
 * on the Node 24 that comes with them.
 *
 * Exit codes: 0 stopped as asked · 1 something is in the way (the message says what, and how to mend it) · 2 wrong settings ·
 * 3 it is already running · 130 and 143 stopped at once by a second signal.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './lib/install.mjs';
import { runOnOwnNode } from './lib/run-on-own-node.mjs';

const root = path.resolve(fileURLToPath(import.meta.url), '..', '..');

try {
  await ensureInstalled(root);
  runOnOwnNode(root, 'scripts/start.ts', process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
