import type { PageParser } from '#lib/scrapers/page-parser.ts';

/**
 * The parsers that a built worker knows, from every `*.parser.ts` of this folder. Their threads look them up here by name;
 * only where the source itself runs (development, tests) is a parser found without being listed.
 */
export const PARSERS: readonly PageParser<unknown, never>[] = [];
