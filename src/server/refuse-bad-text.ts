import { fieldError } from './api-error.ts';

/** Deeper than any body of ours; keeps everything that walks a body by recursion safe. */
const DEPTH_MAX = 20;

/**
 * Refuses what PostgreSQL cannot store, wherever it stands in the value: NUL characters and halves of surrogate pairs, in
 * texts and in names. Walks with a list of its own, so depth cannot overflow the stack.
 * @throws ApiError 400 that names the path, such as "params.signal.0".
 */
export function refuseBadText(value: unknown): void {
  const open: Place[] = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    refuseText(next);
    if (typeof next.value === 'object' && next.value !== null) open.push(...placesInside(next, next.value));
  }
}

interface Place {
  value: unknown;
  path: string;
  depth: number;
}

function refuseText({ value, path }: Place): void {
  if (typeof value !== 'string' || isStorableText(value)) return;
  throw fieldError(
    'invalid_request',
    path || 'body',
    'contains a character that cannot be stored (NUL or half a pair)',
  );
}

function placesInside({ path, depth }: Place, value: object): Place[] {
  if (depth >= DEPTH_MAX) throw fieldError('invalid_request', path, `is nested more than ${DEPTH_MAX} deep`);
  return Object.entries(value).map(([name, inner]) => {
    if (!isStorableText(name)) {
      throw fieldError('invalid_request', path || 'body', 'has a field whose name cannot be stored');
    }
    const shown = name.slice(0, 100);
    return { value: inner, path: path === '' ? shown : `${path}.${shown}`, depth: depth + 1 };
  });
}

function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
