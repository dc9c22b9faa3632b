import { existsSync } from 'node:fs';
import { migrate } from '#lib/db/migrate.ts';
import { readEnv } from '#lib/env.ts';

/**
 * `npm run migrate`: brings the schema of DATABASE_URL (DIRECT_DATABASE_URL where a pooler stands in between) up to date.
 * `npm start` does this by itself. Exit codes: 0 up to date, 1 failed, nothing changed.
 */
try {
  if (process.argv.length > 2)
    throw new Error(`"${process.argv[2]}" is not known here: this migrates and can do nothing else.`);
  if (existsSync('.env')) process.loadEnvFile('.env');
  const env = readEnv();
  const url = env.DIRECT_DATABASE_URL ?? env.DATABASE_URL;
  if (!url) throw new Error('Set DATABASE_URL. The embedded database is migrated by "npm start".');
  const { applied, total } = await migrate(url);
  console.log(applied === 0 ? `Up to date (${total} migrations).` : `Applied ${applied} of ${total} migrations.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
