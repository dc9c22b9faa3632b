import type { Executor } from '#lib/db/create-db.ts';
import { createToken, hashToken } from './token-hash.ts';

const LINK_MINUTES = 60;

/** Makes a link that signs one browser in once, within the hour. Returns the token for /sign-in?token=…. */
export async function createSignInLink(db: Executor): Promise<string> {
  const token = createToken();
  await db.query(
    `with expired as (delete from sign_in_links where expires_at < clock_timestamp() - interval '7 days')
     insert into sign_in_links (token_hash, created_at, expires_at)
     values ($1, clock_timestamp(), clock_timestamp() + make_interval(mins => $2))`,
    [hashToken(token), LINK_MINUTES],
  );
  return token;
}

/** Uses a link up. True for exactly one caller, however many come at once; the row's lock decides. */
export async function consumeSignInLink(db: Executor, token: string): Promise<boolean> {
  const rows = await db.query(
    `update sign_in_links set used_at = clock_timestamp()
     where token_hash = $1 and used_at is null and expires_at > clock_timestamp() returning 1 as one`,
    [hashToken(token)],
  );
  return rows.length === 1;
}
