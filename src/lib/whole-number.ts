import { z } from 'zod';

/** A whole number of JSON within bounds, both of which may be reached. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.number(message).int(message).min(min, message).max(max, message);
}
