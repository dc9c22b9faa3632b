import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFreshBundle } from './lib/build.ts';

/**
 * Runs the command line, from its bundle if that is of this source: it is there in a fraction of the time. A command builds nothing,
 * since what runs on this machine may be using the bundles. Reached through eko.mjs, whose head lists the exit codes.
 */
const root = path.resolve(import.meta.dirname, '..');
const bundle = findFreshBundle(root, 'eko');
const program: { runEko(root: string, args: readonly string[], folder: string): Promise<number> } = await import(
  bundle === null ? './lib/run-eko.ts' : pathToFileURL(bundle).href
);
process.exit(await program.runEko(root, process.argv.slice(2), process.env.INIT_CWD ?? process.cwd()));
