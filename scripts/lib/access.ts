import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Db } from '#lib/db/create-db.ts';
import { SettingsError } from '#lib/env.ts';
import { parseSecretKey } from '#lib/secret-key.ts';
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

/** The key of stored secrets in hex: as set, or the one kept in the data folder (file mode 0600), or a new one kept there. */
export function openSecretKey(given: Buffer | undefined, dataDir: string): string {
  const known = given ?? findSecretKey(dataDir);
  if (known) return known.toString('hex');
  const key = randomBytes(32).toString('hex');
  writePrivateFile(secretKeyFile(dataDir), `${key}\n`);
  return key;
}

/**
 * The key kept in the data folder; null where there is none.
 * @throws SettingsError when the file holds something else: a new key would make all stored passwords unreadable.
 */
export function findSecretKey(dataDir: string): Buffer | null {
  const file = secretKeyFile(dataDir);
  if (!existsSync(file)) return null;
  const key = parseSecretKey(readFileSync(file, 'utf8'));
  if (key) return key;
  throw new SettingsError(
    `"${file}" does not hold a key of 32 bytes. Put the right one back, or delete it: the passwords of all proxies must be entered again then.`,
  );
}

const secretKeyFile = (dataDir: string) => path.join(dataDir, 'secret-key');

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
