import { deserialize } from 'node:v8';
import type { PageParser } from '#lib/scrapers/page-parser.ts';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import type { HtmlParser } from './open-page.ts';
import { PARSE_LIMITS } from './parse-limits.ts';
import type { ParseRequest } from './parse-message.ts';
import { runParser } from './run-parser.ts';
import { fromThreadError, toThreadError } from './thread-error.ts';

/**
 * What ParsePool does, in this thread: the same limits, results and errors, but neither deadline nor memory limit. For tests of
 * scrapers, whose pages are their own.
 */
export async function parseHere<Output, Input>(
  page: FetchedPage,
  parser: PageParser<Output, Input>,
  input: Input,
  htmlParser: HtmlParser,
): Promise<Output> {
  const request: ParseRequest = { page, parser, htmlParser, input: structuredClone(input) };
  try {
    return deserialize(await runParser(parser, request, PARSE_LIMITS)) as Output;
  } catch (error) {
    throw fromThreadError(toThreadError(error), request);
  }
}
