import { z } from 'zod';
import { fieldError } from './api-error.ts';
import { parseInput } from './parse-input.ts';

/** Keys of the system's own batches begin so; a caller's own must not, or one could be taken for the other. */
const RESERVED = /^schedule\//;

export const idempotencyKeySchema = z
  .string('must be a text')
  .trim()
  .min(1)
  .max(200, 'must have at most 200 characters')
  .refine((key) => !RESERVED.test(key), 'must not begin with "schedule/"');

/**
 * The key of a call that gave it as a field, as the Idempotency-Key header, or as both alike.
 * @throws ApiError 400 when the two differ, or the header is no key.
 */
export function chooseIdempotencyKey(fieldKey: string | undefined, headerKey: string | null): string | undefined {
  const key =
    headerKey === null ? undefined : parseInput(idempotencyKeySchema, headerKey, { prefix: 'Idempotency-Key' });
  if (key === undefined || fieldKey === undefined || key === fieldKey) return fieldKey ?? key;
  throw fieldError('invalid_request', 'idempotencyKey', 'differs from the Idempotency-Key header; send one of them');
}
