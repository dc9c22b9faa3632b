import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { createDb } from '#lib/db/create-db.ts';

const settingsSchema = z.object({ port: z.number(), appPassword: z.string() });

/**
 * The address of the embedded PostgreSQL that a running `npm start` keeps in this data folder; null when none has been
 * set up there or none answers.
 */
export async function findRunningDatabase(dataDir: string): Promise<string | null> {
  const settings = readSettings(path.join(dataDir, 'postgres.json'));
  if (!settings) return null;
  const url = `postgres://eko:${settings.appPassword}@127.0.0.1:${settings.port}/eko`;
  const db = createDb({ connectionString: url, applicationName: 'eko-probe', max: 1 });
  try {
    await db.query('select 1');
    return url;
  } catch {
    // Not running, or something else has its port by now.
    return null;
  } finally {
    await db.close();
  }
}

function readSettings(file: string): z.output<typeof settingsSchema> | null {
  if (!existsSync(file)) return null;
  try {
    return settingsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Unreadable for this user, or damaged: the launcher makes a new one.
    return null;
  }
}
