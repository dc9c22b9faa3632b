import { fieldError } from './api-error.ts';

/** Deeper than any body of ours; keeps everything that walks a body by recursion safe. */
const DEPTH_MAX = 20;

/**
 * Refuses what PostgreSQL cannot store, wherever it stands in the value: NUL characters and halves of surrogate pairs, in
 * texts and in names. Walks with a list of its own, so depth cannot overflow the stack.
 * @throws ApiError 400 that names the path, such as "params.signal.0".
 */
export function refuseBadText(value: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: current, path, depth } = next;
    if (typeof current === 'string' && !isStorableText(current)) {
      throw fieldError('invalid_request', path || 'body', 'contains a character that cannot be stored (NUL or half a pair)');
    }
    if (typeof current !== 'object' || current === null) continue;
    if (depth >= DEPTH_MAX) throw fieldError('invalid_request', path.slice(0, 200), `is nested more than ${DEPTH_MAX} deep`);
    for (const [name, inner] of Object.entries(current)) {
      if (!isStorableText(name)) throw fieldError('invalid_request', path || 'body', 'has a field whose name cannot be stored');
      open.push({ value: inner, path: path === '' ? name.slice(0, 100) : `${path}.${name.slice(0, 100)}`, depth: depth + 1 });
    }
  }
}

export function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
