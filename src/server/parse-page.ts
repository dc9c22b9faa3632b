import { fieldError } from './api-error.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** Where a list goes on and how much of it is wanted. */
export interface PageRequest {
  limit: number;
  /** The id of the last row seen; null at the start. */
  after: number | null;
}

/** Reads `limit` (1 to 200, default 50) and `cursor`. @throws ApiError 400 that names the one that is wrong. */
export function parsePage(query: URLSearchParams): PageRequest {
  return { limit: parseLimit(query.get('limit')), after: parseCursor(query.get('cursor')) };
}

function parseLimit(text: string | null): number {
  if (text === null || text === '') return LIMIT_DEFAULT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw fieldError('invalid_request', 'limit', `"${text.slice(0, 100)}" is not a whole number from 1 to ${LIMIT_MAX}`);
}

/** A cursor is opaque to callers: base64url of {"after": id}. It needs no signature, since it grants nothing. */
export function formatCursor(after: number): string {
  return Buffer.from(JSON.stringify({ after })).toString('base64url');
}

function parseCursor(text: string | null): number | null {
  if (text === null || text === '') return null;
  const after = /^[\w-]{1,200}$/.test(text) ? decodeCursor(text) : null;
  if (after !== null) return after;
  throw fieldError('invalid_request', 'cursor', 'is not one that this API gave out; start again without it');
}

function decodeCursor(text: string): number | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (typeof value !== 'object' || value === null || !('after' in value)) return null;
    return Number.isSafeInteger(value.after) && Number(value.after) >= 0 ? Number(value.after) : null;
  } catch {
    // Not JSON: not a cursor of ours, which the caller is told.
    return null;
  }
}

/** Cuts a list that was read with one row more than asked for, and says where the next page starts. */
export function toPage<Row extends { id: number }>(
  rows: Row[],
  limit: number,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? formatCursor(last.id) : null };
}
