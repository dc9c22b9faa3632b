#!/usr/bin/env node
/**
 * `npx eko`: the command line. Installs what is missing, then runs it (scripts/eko.ts) on the Node that the project brings
 * with it. Plain JavaScript for Node 20.
 *
 * Exit codes: 0 done · 1 not done (the message says why) · 2 wrong command line or settings · 3 there is no such thing, or nothing
 * to do · 130 and 143 stopped at once by a second signal.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './lib/install.mjs';
import { runOnOwnNode } from './lib/run-on-own-node.mjs';

// npm links to this file from node_modules/.bin.
const root = path.resolve(realpathSync(fileURLToPath(import.meta.url)), '..', '..');

try {
  await ensureInstalled(root);
  // The program runs in its own folder; files that are named are below the caller's.
  process.env.INIT_CWD = process.cwd();
  runOnOwnNode(root, 'scripts/eko.ts', process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
