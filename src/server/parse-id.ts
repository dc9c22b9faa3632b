import { fieldError } from './api-error.ts';

/** A positive whole number up to 2^53 − 1, in plain digits. @throws ApiError 400 that names the field. */
export function parseId(text: string | undefined, field = 'id'): number {
  const id = text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw fieldError('invalid_request', field, `"${String(text).slice(0, 100)}" is not a positive whole number`);
}
