import type { Role } from '#lib/db/schema/vocabulary.ts';
import { findTokenHolder, type TokenHolder } from '#lib/tokens/api-tokens.ts';
import { hashToken, isSameSecret } from '#lib/tokens/token-hash.ts';
import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { isDatabaseUnavailable } from '../report-outages.ts';
import { findBrowserSession } from './browser-session.ts';
import { refuseCrossSite } from './refuse-cross-site.ts';
import { readSessionCookie } from './session-cookie.ts';

/** Who makes a request. */
export interface Account {
  role: Role;
  by: 'token' | 'cookie';
  /** The token of api_tokens that it came with; null for the admin token of the settings, and for a cookie. */
  token: TokenHolder | null;
}

type AuthContext = Pick<ServerContext, 'db' | 'env' | 'verifiedSessions'>;

/**
 * Who makes this request: the bearer of a token, or a signed-in browser. With an Authorization header the cookie is
 * not looked at, so the check against other sites is needed for cookies only.
 * @throws ApiError 401 for nobody, 403 for another site's request; DatabaseUnavailableError.
 */
export async function authenticate(request: Request, context: AuthContext): Promise<Account> {
  const authorization = request.headers.get('authorization');
  if (authorization !== null) return await findBearer(authorization, context);
  const token = readSessionCookie(request.headers.get('cookie'));
  const role = token === null ? null : await findRole(token, context);
  if (role === null) throw notSignedIn('Sign in, or send "Authorization: Bearer" with a token.');
  refuseCrossSite(request);
  return { role, by: 'cookie', token: null };
}

/** The role behind a cookie's token; null when it is not, or no longer, good. */
export async function findRole(token: string, context: AuthContext): Promise<Role | null> {
  const hash = hashToken(token);
  try {
    const role = await findBrowserSession(context.db, hash);
    if (role) context.verifiedSessions.remember(hash, role);
    else context.verifiedSessions.forget(hash);
    return role;
  } catch (error) {
    const known = isDatabaseUnavailable(error) ? context.verifiedSessions.find(hash) : null;
    if (known === null) throw error;
    return known;
  }
}

async function findBearer(authorization: string, context: AuthContext): Promise<Account> {
  const text = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const adminToken = context.env.ADMIN_TOKEN;
  if (text && adminToken && isSameSecret(text, adminToken)) return { role: 'admin', by: 'token', token: null };
  const token = text === undefined ? null : await findTokenHolder(context.db, text);
  if (token === null) throw notSignedIn('The token of the Authorization header is unknown, expired or revoked.');
  return { role: token.role, by: 'token', token };
}

function notSignedIn(message: string): ApiError {
  return new ApiError('not_signed_in', message, { headers: { 'www-authenticate': 'Bearer' } });
}
