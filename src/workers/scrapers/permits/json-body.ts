import { LayoutChangedError } from '#lib/errors.ts';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';

const SAMPLE_CHARACTERS = 200;

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parsed text, or undefined where it is not JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** The parsed body of a page. @throws LayoutChangedError when it is not JSON. */
export function parseJsonPage(page: FetchedPage): unknown {
  const value = tryParseJson(page.text);
  if (value === undefined) throw changed(page, 'its answer is not JSON');
  return value;
}

/** The error for an answer that is neither rows nor a known kind of nothing. */
export function changed(page: FetchedPage, what: string): LayoutChangedError {
  return new LayoutChangedError(`"${page.url}" has changed: ${what}`, {
    context: { url: page.url, sample: page.text.slice(0, SAMPLE_CHARACTERS) },
  });
}

/** The whole rows of an array, or null where an entry is no object. */
export function asRows(value: unknown): JsonObject[] | null {
  return Array.isArray(value) && value.every(isObject) ? value : null;
}
