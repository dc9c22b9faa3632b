import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Db } from '#lib/db/create-db.ts';
import { writePrivateFile } from './private-file.ts';

/** The admin token: as set, or the one kept in the data folder (file mode 0600), or a new one kept there. */
export function openAdminToken(given: string | undefined, dataDir: string): string {
  if (given) return given;
  const file = path.join(dataDir, 'admin-token');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (kept.length >= 16) return kept;
  const token = randomBytes(32).toString('base64url');
  writePrivateFile(file, `${token}\n`);
  return token;
}

/** Makes a link that signs in once within 24 hours. The database has only the SHA-256 of its secret. */
export async function createSignInLink(db: Db, origin: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await db.query(
    `insert into sign_in_links (token_hash, expires_at) values ($1, clock_timestamp() + interval '24 hours')`,
    [createHash('sha256').update(token).digest()],
  );
  await db.query(`delete from sign_in_links where expires_at < clock_timestamp() - interval '7 days'`);
  return `${origin}/sign-in?token=${token}`;
}
