import type { Executor } from '#lib/db/create-db.ts';
import { hashToken } from '#lib/tokens/token-hash.ts';

/** Uses a one-time link up. True for exactly one caller, however many come at once; the row's lock decides. */
export async function consumeSignInLink(db: Executor, token: string): Promise<boolean> {
  const rows = await db.query(
    `update sign_in_links set used_at = clock_timestamp()
     where token_hash = $1 and used_at is null and expires_at > clock_timestamp() returning 1 as one`,
    [hashToken(token)],
  );
  return rows.length === 1;
}
