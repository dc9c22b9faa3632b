import type { PageParser } from '#lib/scrapers/page-parser.ts';

type AnyParser = PageParser<unknown, never>;

/** Where a thread finds its parsers. */
export interface ParserSources {
  registered: readonly AnyParser[];
  /** Whether a parser that is not registered may be loaded from the module that it names. */
  loadsModules: boolean;
}

/**
 * A registered parser by its name; else the one that its own module exports. Not in a bundle, where a module is no file of its
 * own and loading "its" file would start whatever program is in there.
 * @throws Error that says how to register it.
 */
export async function findParser(
  { registered, loadsModules }: ParserSources,
  wanted: { name: string; module: string },
): Promise<AnyParser> {
  const known = registered.find(({ name }) => name === wanted.name);
  if (known) return known;
  if (!loadsModules) {
    throw new Error(
      `The parser "${wanted.name}" is not registered; add it to PARSERS in src/workers/scrapers/parsers.ts`,
    );
  }
  const exported: unknown[] = Object.values((await import(wanted.module)) as Record<string, unknown>);
  const found = exported.filter(isParser).find(({ name }) => name === wanted.name);
  if (!found) throw new Error(`"${wanted.module}" exports no parser named "${wanted.name}"`);
  return found;
}

function isParser(value: unknown): value is AnyParser {
  return typeof value === 'object' && value !== null && 'parse' in value && typeof value.parse === 'function';
}
