import 'server-only';
import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import type { Role } from '#lib/db/schema/vocabulary.ts';
import { serverContext } from '../context.ts';
import { findRole } from './authenticate.ts';
import { safeNextPath } from './next-path.ts';
import { COOKIE_NAME, readSessionCookie } from './session-cookie.ts';

/**
 * Who looks at a page. Every page calls it first; nobody signed in means a redirect to the sign-in page, which leads back.
 * @param path The page's own path with its query, such as "/leads?state=GA".
 * @throws DatabaseUnavailableError when the database is away and this process has not seen the browser lately.
 */
export async function requirePageAccount(path: string): Promise<{ role: Role }> {
  const role = await findPageRole();
  if (role === null) redirect(`/sign-in?next=${encodeURIComponent(safeNextPath(path))}`);
  return { role };
}

/** The role of whoever looks at a page; null for nobody. */
export async function findPageRole(): Promise<Role | null> {
  const cookie = (await cookies()).get(COOKIE_NAME)?.value;
  const token = cookie === undefined ? null : readSessionCookie(`${COOKIE_NAME}=${cookie}`);
  return token === null ? null : findRole(token, serverContext());
}
