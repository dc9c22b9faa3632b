import { DomHandler, Parser } from 'htmlparser2';
import { MarkupGuard } from './markup-guard.ts';
import type { ParseLimits } from './parse-limits.ts';

type Node = Parameters<DomHandler['addNode']>[0];

/**
 * Builds the tree of `cheerio/slim` and counts as it goes, in one pass: reading the markup once only to count would cost a
 * third of the parse.
 * @throws ParseLimitError at the node or attribute that is beyond a limit; what follows it is not looked at.
 */
export function buildGuardedTree(markup: string, limits: ParseLimits): DomHandler['root'] {
  const handler = new GuardedTree(limits);
  new Parser(handler).end(markup);
  return handler.root;
}

class GuardedTree extends DomHandler {
  readonly #guard: MarkupGuard;

  constructor(limits: ParseLimits) {
    super();
    this.#guard = new MarkupGuard(limits);
  }

  onopentagname(): void {
    this.#guard.startTag();
  }

  onattribute(): void {
    this.#guard.countAttribute();
  }

  protected override addNode(node: Node): void {
    // The stack begins with the document, so its length is the level of the node that comes.
    const level = this.tagStack.length;
    this.#guard.countNode(level);
    if (level === 1) this.#guard.countTopLevel();
    super.addNode(node);
  }
}
