/** A condition that this server does not understand; each dialect reports it in its own words. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

export type Token =
  | { kind: 'word'; text: string }
  | { kind: 'column'; text: string }
  | { kind: 'string'; text: string }
  | { kind: 'number'; value: number }
  | { kind: 'symbol'; text: string };

const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|"([^"]+)"|`([^`]+)`|(-?\d+(?:\.\d+)?)|(:?[A-Za-z_@][\w@]*)|(<>|!=|>=|<=|[=<>(),]))/y;

/** Longest condition that is read. */
const MAX_CHARS = 10_000;

/** Splits the text of a where clause. @throws ConditionError at the first character that belongs to nothing. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_CHARS) throw new ConditionError('The condition is too long');
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let position = 0; position < end; position = TOKEN.lastIndex) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match) throw new ConditionError(`Unable to parse at "${text.slice(position, position + 20).trim()}"`);
    tokens.push(toToken(match));
  }
  return tokens;
}

function toToken([, string, quoted, backquoted, number, word, symbol = '']: RegExpExecArray): Token {
  if (string !== undefined) return { kind: 'string', text: string.replaceAll("''", "'") };
  const column = quoted ?? backquoted;
  if (column !== undefined) return { kind: 'column', text: column };
  if (number !== undefined) return { kind: 'number', value: Number(number) };
  return word === undefined ? { kind: 'symbol', text: symbol } : { kind: 'word', text: word };
}
