import { type Handler, Parser } from 'htmlparser2';
import { FormattingList } from './formatting-list.ts';
import { limitError, MarkupGuard } from './markup-guard.ts';
import type { ParseLimits } from './parse-limits.ts';

/**
 * Reads markup without building anything, to say before parse5 sees it whether it is within the limits. It reads a little
 * differently than parse5 does, so the deadline of the thread stands behind it.
 * @throws ParseLimitError at the first thing that is beyond a limit; what follows it is not looked at.
 */
export function scanMarkup(markup: string, limits: ParseLimits): void {
  new Parser(new Scan(limits)).end(markup);
  checkTags(markup, limits);
}

/** Of a tag that never ends, or that closes nothing, the handler below hears nothing. */
function checkTags(markup: string, limits: ParseLimits): void {
  for (let start = markup.indexOf('<'); start !== -1; ) {
    const end = markup.indexOf('>', start);
    const length = (end === -1 ? markup.length : end) - start;
    if (length > limits.textCharsMax) throw limitError('textCharsMax', length, limits);
    start = end === -1 ? -1 : markup.indexOf('<', end);
  }
}

const TABLE_PARTS = new Set(['table', 'tbody', 'thead', 'tfoot', 'tr']);
const ALLOWED_IN_TABLES = new Set(
  'caption col colgroup form script style tbody td template tfoot th thead tr'.split(' '),
);

class Scan implements Partial<Handler> {
  readonly #guard: MarkupGuard;
  readonly #formatting = new FormattingList();
  readonly #open: string[] = [];
  #inText = false;

  constructor(limits: ParseLimits) {
    this.#guard = new MarkupGuard(limits);
  }

  onopentagname(): void {
    this.#guard.startTag();
  }

  onattribute(_name: string, value: string): void {
    this.#guard.countAttribute();
    this.#guard.countText(value.length);
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    if (this.#isInTable() && !ALLOWED_IN_TABLES.has(name)) this.#guard.countFostered();
    this.#countNode(this.#formatting.openCount);
    this.#open.push(name);
    this.#formatting.open(name, attributes);
  }

  onclosetag(name: string, isImplied: boolean): void {
    this.#inText = false;
    this.#open.pop();
    this.#formatting.close(name, isImplied);
  }

  ontext(text: string): void {
    this.#guard.countText(text.length);
    // Entities cut a text into pieces; the tree has one node for all of them.
    if (this.#inText) return;
    if (this.#isInTable() && text.trim() !== '') this.#guard.countFostered();
    this.#countNode();
    this.#inText = true;
  }

  oncomment(text: string): void {
    this.#guard.countText(text.length);
    this.#countNode();
  }

  onprocessinginstruction(_name: string, text: string): void {
    this.#guard.countText(text.length);
    this.#countNode();
  }

  #countNode(copies = 0): void {
    this.#inText = false;
    this.#guard.countNode(this.#open.length + 1, copies);
  }

  #isInTable(): boolean {
    return TABLE_PARTS.has(this.#open.at(-1) ?? '');
  }
}
