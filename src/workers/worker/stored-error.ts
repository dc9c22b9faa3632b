import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';
import { AppError } from '#lib/errors.ts';
import { storableText as characters, storableJson as json } from '../queue/storable-json.ts';

const TEXT_MAX = 2_000;
const CONTEXT_MAX = 4_000;
const CAUSES_MAX = 4;

/** An error as it is kept with a session: bounded, and without the password of any address. */
export function toStoredError(error: unknown): StoredError {
  const expected = error instanceof AppError;
  const cause = describeCauses(error);
  const stack = error instanceof Error && !expected ? error.stack : undefined;
  const context = expected ? storableJson(error.context) : undefined;
  return {
    code: expected ? error.code : 'bug',
    message: storableText(messageOf(error)),
    ...(cause ? { cause } : {}),
    ...(stack ? { stack: storableText(stack) } : {}),
    ...(context ? { context } : {}),
  };
}

/** Text that PostgreSQL takes, that fits, and that names no password. */
export function storableText(text: string, max = TEXT_MAX): string {
  const clean = characters(text).replace(/(\/\/)[^/\s:@]*:[^/\s@]*@/g, '$1***@');
  return clean.length > max ? `${characters(clean, max - 1)}…` : clean;
}

/** A copy that can be stored as jsonb; undefined for an empty object, a note for what JSON cannot hold. */
export function storableJson(value: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (!value || Object.keys(value).length === 0) return undefined;
  try {
    const text = json(value, storableValue) ?? '{}';
    if (text.length > CONTEXT_MAX) return { leftOut: `${text.length} characters of details` };
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Only a value that JSON cannot hold (a cycle) gets here, and details are not worth failing for.
    return { leftOut: 'details that JSON cannot hold' };
  }
}

function storableValue(entry: unknown): unknown {
  if (typeof entry === 'string') return storableText(entry);
  if (typeof entry === 'bigint') return entry.toString();
  return entry instanceof Error ? storableText(messageOf(entry)) : entry;
}

function describeCauses(error: unknown): string | undefined {
  const messages: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && messages.length < CAUSES_MAX) {
    messages.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return messages.length > 0 ? storableText(messages.join(': ')) : undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `a value that is not an error was thrown: ${String(error)}`;
  // Node wraps several failed connection attempts into one error without words of its own.
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ');
  return error.message || error.name;
}
