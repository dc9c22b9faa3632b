import type { Executor } from '#lib/db/create-db.ts';
import type { Role } from '#lib/db/schema/vocabulary.ts';
import { createToken, hashToken } from '#lib/tokens/token-hash.ts';

/** A session ends after 8 hours without a request, and after 7 days in any case. */
const IDLE = "interval '8 hours'";
export const SESSION_SECONDS = 7 * 24 * 3600;

/** Starts a sign-in and returns the token for the cookie. Expired ones are cleared away on the occasion. */
export async function createBrowserSession(db: Executor, role: Role): Promise<string> {
  const token = createToken();
  await db.query(
    `with expired as (
       delete from auth_sessions where expires_at < clock_timestamp() or last_seen_at < clock_timestamp() - ${IDLE})
     insert into auth_sessions (token_hash, role, created_at, last_seen_at, expires_at)
     values ($1, $2, clock_timestamp(), clock_timestamp(), clock_timestamp() + make_interval(secs => $3))`,
    [hashToken(token), role, SESSION_SECONDS],
  );
  return token;
}

/** The role of a session that is good, by the database's clock; null for any other. Moves its idle limit on, once a minute. */
export async function findBrowserSession(db: Executor, tokenHash: Buffer): Promise<Role | null> {
  const [row] = await db.query<{ role: Role; stale: boolean }>(
    `select role, last_seen_at < clock_timestamp() - interval '1 minute' as stale from auth_sessions
     where token_hash = $1 and expires_at > clock_timestamp() and last_seen_at > clock_timestamp() - ${IDLE}`,
    [tokenHash],
  );
  if (row?.stale) {
    await db.query('update auth_sessions set last_seen_at = clock_timestamp() where token_hash = $1', [tokenHash]);
  }
  return row?.role ?? null;
}

export async function deleteBrowserSession(db: Executor, tokenHash: Buffer): Promise<void> {
  await db.query('delete from auth_sessions where token_hash = $1', [tokenHash]);
}
