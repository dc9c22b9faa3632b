import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';

/** PostgreSQL stores neither U+0000 nor half a surrogate pair, and a hostile page can put both into any message. */
export function storableText(text: string, maxChars = Number.POSITIVE_INFINITY): string {
  return text.replaceAll('\0', '').slice(0, maxChars).toWellFormed();
}

/**
 * JSON that a jsonb column takes, or null for undefined and null.
 * @param shape what is put in place of each value in it, such as words for what JSON cannot hold.
 * @throws TypeError for what JSON cannot hold (a cycle, a bigint).
 */
export function storableJson(value: unknown, shape = (inner: unknown): unknown => inner): string | null {
  if (value === undefined || value === null) return null;
  return JSON.stringify(value, (_key, given: unknown) => {
    const inner = shape(given);
    if (typeof inner === 'string') return storableText(inner);
    return isPlainRecord(inner) ? withStorableKeys(inner) : inner;
  });
}

/** An error as a session keeps it: short enough to list, long enough to understand. */
export function storableError(error: StoredError): string {
  return JSON.stringify({
    code: storableText(error.code, 100),
    message: storableText(error.message, 2_000),
    ...(error.cause === undefined ? {} : { cause: storableText(error.cause, 2_000) }),
    ...(error.stack === undefined ? {} : { stack: storableText(error.stack, 8_000) }),
    ...(error.context === undefined ? {} : { context: JSON.parse(storableJson(error.context) ?? '{}') }),
  });
}

function isPlainRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withStorableKeys(record: Record<string, unknown>): Record<string, unknown> {
  const odd = Object.keys(record).some((key) => key !== storableText(key));
  if (!odd) return record;
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [storableText(key), inner]));
}
