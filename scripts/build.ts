import path from 'node:path';
import { buildBundles, buildWeb } from './lib/build.ts';

/** `npm run build`, and build:workers without the dashboard: builds what is stale. Exit codes: 0 built or up to date, 1 a build failed. */
try {
  const options = {
    root: path.resolve(import.meta.dirname, '..'),
    onBuild: (what: string) => console.log(`Building the ${what} …`),
    onLine: (line: string) => console.log(line),
  };
  await buildBundles(options);
  if (!process.argv.includes('--workers')) await buildWeb(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
