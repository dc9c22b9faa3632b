import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildBundles } from './lib/build.ts';

/**
 * Bundles the launcher and the workers if their source has changed, and runs the launcher: from its bundle it is there in
 * a fraction of the time and memory that loading its libraries one file at a time takes (0.3 s instead of 4 s).
 * Reached through start.mjs, whose head lists the exit codes.
 */
const root = path.resolve(import.meta.dirname, '..');

try {
  await buildBundles({
    root,
    onBuild: (what) => process.stderr.write(`Building the ${what} (only after changes) …\n`),
    onLine: () => {},
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
const bundle: { runLauncher(root: string): Promise<number> } = await import(
  pathToFileURL(path.join(root, 'dist', 'launcher.js')).href
);
process.exit(await bundle.runLauncher(root));
