import { SESSION_SECONDS } from './browser-session.ts';

export const COOKIE_NAME = 'eko_session';

/** The session token that a request carries; null when there is none of the right form. */
export function readSessionCookie(header: string | null): string | null {
  for (const part of (header ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=', 2);
    if (name === COOKIE_NAME && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

/** Set-Cookie for a new session. Secure wherever the browser came by https; plain http off this machine cannot keep it. */
export function sessionCookie(token: string, request: Request): string {
  return `${COOKIE_NAME}=${token}; Max-Age=${SESSION_SECONDS}; ${attributes(request)}`;
}

/** Set-Cookie that removes it. */
export function clearedSessionCookie(request: Request): string {
  return `${COOKIE_NAME}=; Max-Age=0; ${attributes(request)}`;
}

function attributes(request: Request): string {
  return `Path=/; HttpOnly; SameSite=Lax${cameByHttps(request) ? '; Secure' : ''}`;
}

/** A forged X-Forwarded-Proto can only make the cookie stricter. */
function cameByHttps(request: Request): boolean {
  return new URL(request.url).protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https';
}
