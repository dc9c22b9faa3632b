import { ParseLimitError } from '#lib/errors.ts';
import type { ParseLimits } from './parse-limits.ts';

const WORDS: Record<keyof ParseLimits, (max: number) => string> = {
  markupCharsMax: (max) => `has more than ${max} characters of markup`,
  textCharsMax: (max) => `has more than ${max} characters of text, too many for parse5`,
  depthMax: (max) => `is nested more than ${max} levels deep`,
  attributesMax: (max) => `has a tag with more than ${max} attributes`,
  nodesMax: (max) => `has more than ${max} nodes`,
  topLevelMax: (max) => `has more than ${max} nodes outside of any element`,
  fosteredMax: (max) => `has more than ${max} nodes misplaced in tables`,
};

/** Counts what a page has while it is read, and throws at the first thing that is beyond its limit. */
export class MarkupGuard {
  readonly #limits: ParseLimits;
  #textChars = 0;
  #nodes = 0;
  #topLevel = 0;
  #attributes = 0;
  #fostered = 0;

  constructor(limits: ParseLimits) {
    this.#limits = limits;
  }

  /** @param copies further nodes that the parser will make for this one. */
  countNode(depth: number, copies = 0): void {
    this.#nodes += 1 + copies;
    if (this.#nodes > this.#limits.nodesMax) this.#refuse('nodesMax', this.#nodes);
    if (depth > this.#limits.depthMax) this.#refuse('depthMax', depth);
  }

  countText(chars: number): void {
    this.#textChars += chars;
    if (this.#textChars > this.#limits.textCharsMax) this.#refuse('textCharsMax', this.#textChars);
  }

  countTopLevel(): void {
    this.#topLevel += 1;
    if (this.#topLevel > this.#limits.topLevelMax) this.#refuse('topLevelMax', this.#topLevel);
  }

  startTag(): void {
    this.#attributes = 0;
  }

  countAttribute(): void {
    this.#attributes += 1;
    if (this.#attributes > this.#limits.attributesMax) this.#refuse('attributesMax', this.#attributes);
  }

  countFostered(): void {
    this.#fostered += 1;
    if (this.#fostered > this.#limits.fosteredMax) this.#refuse('fosteredMax', this.#fostered);
  }

  #refuse(limit: keyof ParseLimits, value: number): never {
    throw limitError(limit, value, this.#limits);
  }
}

/** @throws ParseLimitError for markup that is too long, before anything is done with it. */
export function checkLength(markup: string, limits: ParseLimits): void {
  if (markup.length > limits.markupCharsMax) throw limitError('markupCharsMax', markup.length, limits);
}

/** What a page is refused with. The other side of the thread adds whose page it is. */
export function limitError(limit: keyof ParseLimits, value: number, limits: ParseLimits): ParseLimitError {
  const max = limits[limit];
  return new ParseLimitError(`The page ${WORDS[limit](max)}`, { context: { limit, value, max } });
}
