import path from 'node:path';
import { buildStale } from './lib/build.ts';

/** `npm run build`: builds what is stale. Exit codes: 0 built or up to date, 1 a build failed. */
try {
  await buildStale({
    root: path.resolve(import.meta.dirname, '..'),
    onBuild: (what) => console.log(`Building the ${what} …`),
    onLine: (line) => console.log(line),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
