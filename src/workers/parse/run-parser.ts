import { serialize } from 'node:v8';
import { ParseLimitError } from '#lib/errors.ts';
import type { PageParser } from '#lib/scrapers/page-parser.ts';
import { openPage } from './open-page.ts';
import type { ParseLimits } from './parse-limits.ts';
import type { ParseRequest } from './parse-message.ts';

/** Reading a result is work of the main thread: of 4 MiB, some 20 ms. Thousands of leads are below 1 MiB. */
const RESULT_BYTES_MAX = 4 * 1_048_576;

/**
 * Parses one page and runs its parser, in this thread. The result holds copies: no text in it keeps the page in memory.
 * @returns what `v8.deserialize` reads.
 * @throws ParseLimitError; whatever the parser throws; DataCloneError for a result that is not plain data.
 */
export async function runParser(
  parser: PageParser<unknown, never>,
  { page, htmlParser, input }: ParseRequest,
  limits: ParseLimits,
): Promise<Uint8Array> {
  const $ = await openPage(page.text, htmlParser, limits);
  const output = parser.parse({ $, url: page.url, finalUrl: page.finalUrl }, input as never);
  const result = serialize(output);
  if (result.byteLength <= RESULT_BYTES_MAX) return result;
  throw new ParseLimitError(`The parser makes more than ${RESULT_BYTES_MAX} bytes of it`, {
    context: { limit: 'resultBytesMax', value: result.byteLength, max: RESULT_BYTES_MAX },
  });
}
