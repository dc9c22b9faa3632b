import type { CheerioAPI } from 'cheerio';
import { load as loadSlim } from 'cheerio/slim';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import { buildGuardedTree } from './guarded-tree.ts';
import { checkLength } from './markup-guard.ts';
import type { ParseLimits } from './parse-limits.ts';
import { scanMarkup } from './scan-markup.ts';

export type HtmlParser = ScraperConfig['htmlParser'];

/**
 * Parses markup that is within the limits. Quick for any page that passes them, but it blocks its thread meanwhile.
 * @throws ParseLimitError
 */
export async function openPage(markup: string, htmlParser: HtmlParser, limits: ParseLimits): Promise<CheerioAPI> {
  checkLength(markup, limits);
  if (htmlParser === 'slim') return loadSlim(buildGuardedTree(markup, limits));
  scanMarkup(markup, limits);
  // Most workers never need parse5, which is half of cheerio's code.
  const { load } = await import('cheerio');
  return load(markup);
}
