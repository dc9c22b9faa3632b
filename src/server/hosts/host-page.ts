import { fieldError } from '../api-error.ts';
import { parsePage } from '../parse-page.ts';

/** The last host seen: hosts are listed by how much they need a look, then by name. */
export interface HostPosition {
  rank: number;
  hostKey: string;
}

export interface HostPageRequest {
  limit: number;
  after: HostPosition | null;
}

const HOST_KEY_MAX = 300;

/** Reads `limit` and `cursor`. @throws ApiError 400 that names the one that is wrong. */
export function parseHostPage(query: URLSearchParams): HostPageRequest {
  const { limit } = parsePage(new URLSearchParams({ limit: query.get('limit') ?? '' }));
  return { limit, after: parseCursor(query.get('cursor')) };
}

/** Opaque to callers: base64url of [rank, hostKey]. */
export function formatHostCursor({ rank, hostKey }: HostPosition): string {
  return Buffer.from(JSON.stringify([rank, hostKey])).toString('base64url');
}

function parseCursor(text: string | null): HostPosition | null {
  if (text === null || text === '') return null;
  const position = /^[\w-]{1,600}$/.test(text) ? decodeCursor(text) : null;
  if (position !== null) return position;
  throw fieldError('invalid_request', 'cursor', 'is not one that this API gave out; start again without it');
}

function decodeCursor(text: string): HostPosition | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(value)) return null;
    const [rank, hostKey]: unknown[] = value;
    return isRank(rank) && isHostKey(hostKey) ? { rank, hostKey } : null;
  } catch {
    // Not JSON: not a cursor of ours, which the caller is told.
    return null;
  }
}

const isRank = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 10;

/** Without control characters and lone surrogates, which PostgreSQL does not take. */
function isHostKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= HOST_KEY_MAX && /^[\x20-\x7e]*$/.test(value);
}
