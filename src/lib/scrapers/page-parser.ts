// biome-ignore lint/style/noRestrictedImports: the type that parsers see; nothing of the library is loaded here.
import type { CheerioAPI } from 'cheerio';

/** One page as a parser sees it. Nodes live only while the parser runs: what it returns is copied out. */
export interface ParsedPage {
  readonly $: CheerioAPI;
  /** The address asked for. */
  readonly url: string;
  /** The address that answered: relative links count from here. */
  readonly finalUrl: string;
}

/** Turns one page into plain data; pure, so that it may run in a thread that is stopped when it takes too long. */
export interface PageParser<Output, Input = undefined> {
  /** Unique; how the parser's thread finds it in src/workers/scrapers/parsers.ts. */
  readonly name: string;
  /** `import.meta.url` of the module that exports it: how the thread finds a parser that is not registered yet. */
  readonly module: string;
  /**
   * @returns what can be cloned: plain objects, lists, text, numbers, dates; no functions, no nodes, no promise.
   * @throws LayoutChangedError for a page that is neither results nor "nothing found".
   */
  readonly parse: (page: ParsedPage, input: Input) => Output;
}

/** Names a parser, and lets the compiler infer what it takes and gives. */
export function definePageParser<Output, Input = undefined>(
  parser: PageParser<Output, Input>,
): PageParser<Output, Input> {
  return parser;
}
