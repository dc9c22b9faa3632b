import type { PageEvidence } from '#lib/db/schema/pages.ts';
import type { PageMarks } from './page-marks.ts';
import { STRONG } from './signature.ts';

/** Parts of a path under which sites ask who one is, or for a consent that only a person can give. */
const WALL_SEGMENTS = new Set([
  'login',
  'log-in',
  'log_in',
  'logon',
  'signin',
  'sign-in',
  'sign_in',
  'wp-login',
  'userlogin',
  'authwall',
  'authenticate',
  'oauth',
  'oauth2',
  'saml',
  'saml2',
  'sso',
  'consent',
  'age-gate',
  'paywall',
]);
/** First labels of hosts that do nothing else. */
const WALL_LABELS = new Set(['login', 'signin', 'auth', 'sso', 'idp', 'accounts', 'consent', 'adfs']);

const LOGIN_TITLES = ['log in', 'login', 'log on', 'logon', 'sign in', 'signin', 'sign-in', 'authentication required'];
/** More to read than this, and the password field is a corner of the page, not the page. */
const LOGIN_WORDS_MAX = 1_000;

/** Whether a page asks who we are instead of showing what was asked for; null when it does not. */
export function findAuthWall(
  page: { status: number; url: string; finalUrl: string },
  marks: PageMarks,
): PageEvidence | null {
  if (page.status === 401) return { rule: 'status-401', weight: STRONG, detail: 'status 401' };
  const led = wallLedTo(page.url, page.finalUrl);
  if (led !== null) return { rule: 'login-address', weight: STRONG, detail: `redirect to "${led}"` };
  if (!marks.hasPasswordField) return null;
  const title = marks.places.title[0] ?? '';
  const word = LOGIN_TITLES.find((words) => title.includes(words));
  if (word !== undefined) return { rule: 'login-title', weight: STRONG, detail: `password field; title "${word}"` };
  if (marks.wordsLength > LOGIN_WORDS_MAX) return null;
  return { rule: 'login-form', weight: STRONG, detail: `password field on a page of ${marks.wordsLength} characters` };
}

/** The part of the final address that speaks of a login; null without one, or if the address asked for has it too. */
function wallLedTo(url: string, finalUrl: string): string | null {
  const asked = URL.parse(url);
  const answered = URL.parse(finalUrl);
  if (asked === null || answered === null) return null;
  const askedWalls = wallsOf(asked);
  return wallsOf(answered).find((wall) => !askedWalls.includes(wall)) ?? null;
}

function wallsOf(url: URL): string[] {
  const segments = url.pathname
    .toLowerCase()
    .split('/')
    .map((segment) => segment.replace(/\.[a-z]{1,5}$/, ''))
    .filter((segment) => WALL_SEGMENTS.has(segment))
    .map((segment) => `/${segment}`);
  const label = url.hostname.toLowerCase().split('.', 1)[0] ?? '';
  return WALL_LABELS.has(label) ? [...segments, `${label}.`] : segments;
}
