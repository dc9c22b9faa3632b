import type { CheerioAPI } from 'cheerio';
import { load as loadSlim } from 'cheerio/slim';
import { AppError, UnusableBodyError } from '#lib/errors.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import { checkDepth } from './check-depth.ts';
import { buildGuardedTree } from './guarded-tree.ts';
import { checkLength } from './markup-guard.ts';
import type { ParseLimits } from './parse-limits.ts';
import { scanMarkup } from './scan-markup.ts';

export type HtmlParser = ScraperConfig['htmlParser'];

/**
 * Parses markup that is within the limits. Quick for any page that passes them, but it blocks its thread meanwhile.
 * @throws ParseLimitError; UnusableBodyError for markup that breaks the library (parse5 fails at a number without end).
 */
export async function openPage(markup: string, htmlParser: HtmlParser, limits: ParseLimits): Promise<CheerioAPI> {
  checkLength(markup, limits);
  // Most workers never need parse5, which is half of cheerio's code.
  const loadFull = htmlParser === 'parse5' ? (await import('cheerio')).load : null;
  try {
    if (loadFull === null) return loadSlim(buildGuardedTree(markup, limits));
    scanMarkup(markup, limits);
    const $ = loadFull(markup);
    checkDepth($.root()[0], limits);
    return $;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new UnusableBodyError(`The markup cannot be read: ${String(error)}`, { cause: error });
  }
}
