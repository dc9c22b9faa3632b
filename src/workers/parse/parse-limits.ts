/**
 * What a page may have at most. Each was chosen by measuring what the page just below it costs (CPU of one core, in ms), far
 * above what real pages have.
 */
export interface ParseLimits {
  /** Characters of markup: as much as the client takes decoded. 10 MiB cost 500 with htmlparser2, 2,000 with parse5. */
  markupCharsMax: number;
  /**
   * Characters of text, comments and attributes together, and of any one tag, for parse5 alone: it puts them together letter by letter and
   * keeps up to 70 bytes for each. 3 Mi Cyrillic letters take 200 of a thread's 256 MiB, ten million Latin ones more than all.
   */
  textCharsMax: number;
  /** Levels of nesting. Parsing is quadratic in them (97 KiB of nested div: 13,800), and reading text overflows the stack at 5,000. */
  depthMax: number;
  /** Attributes of one tag. parse5 is quadratic in them: 80,000 cost 63,000; a page full of tags with 256 costs 500. */
  attributesMax: number;
  /** Elements, texts and comments; for parse5 with those that it adds where formatting is left open. 400,000 cost 1,500. */
  nodesMax: number;
  /** Nodes outside of any element. cheerio is quadratic in them at every `$(…)`: 200,000 cost 54,000, 5,000 cost 10. */
  topLevelMax: number;
  /** Nodes that parse5 moves out of a table to the place before it; it is quadratic in them: 100,000 cost 3,000, 20,000 cost 120. */
  fosteredMax: number;
}

export const PARSE_LIMITS: ParseLimits = {
  markupCharsMax: 10 * 1_048_576,
  textCharsMax: 2 * 1_048_576,
  depthMax: 512,
  attributesMax: 256,
  nodesMax: 400_000,
  topLevelMax: 5_000,
  fosteredMax: 20_000,
};
