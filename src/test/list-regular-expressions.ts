import { parseAst } from 'vitest/node';

export interface FoundExpression {
  pattern: string;
  flags: string;
}

export interface ExpressionsOfFile {
  literals: FoundExpression[];
  /** How many times `RegExp(…)` is called, with or without `new`. */
  built: number;
}

interface SyntaxNode {
  type: string;
  [key: string]: unknown;
}

/** The regular expressions of one file, by its syntax tree: no string or comment is taken for one. */
export function listRegularExpressions(code: string, file: string): ExpressionsOfFile {
  const found: ExpressionsOfFile = { literals: [], built: 0 };
  const lang = file.endsWith('x') ? 'tsx' : 'ts';
  const waiting: unknown[] = [parseAst(code, { lang }, file)];
  while (waiting.length > 0) {
    const item = waiting.pop();
    if (Array.isArray(item)) waiting.push(...item);
    else if (isNode(item)) {
      note(item, found);
      waiting.push(...Object.values(item));
    }
  }
  return found;
}

function note(node: SyntaxNode, found: ExpressionsOfFile): void {
  if (node.type === 'Literal' && isExpression(node.regex)) found.literals.push(node.regex);
  const isCall = node.type === 'NewExpression' || node.type === 'CallExpression';
  if (isCall && isNode(node.callee) && node.callee.name === 'RegExp') found.built += 1;
}

function isNode(item: unknown): item is SyntaxNode {
  return typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string';
}

function isExpression(item: unknown): item is FoundExpression {
  return typeof item === 'object' && item !== null && 'pattern' in item && 'flags' in item;
}

/**
 * Whether a pattern repeats anything without a bound. One that does not is linear in the text, whatever else it does: there is
 * a largest number of steps from each position, and it cannot go further than a fixed way.
 */
export function repeatsWithoutBound(pattern: string): boolean {
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '\\') at += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '*' || character === '+' || /^\{\d+,\}/.test(pattern.slice(at, at + 12))) return true;
  }
  return false;
}
