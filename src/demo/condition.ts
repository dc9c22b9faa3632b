import { ConditionError, type Token, tokenize } from './condition-tokens.ts';
import type { DemoRow, Publisher } from './publishers.ts';

export { ConditionError } from './condition-tokens.ts';

export type RowTest = (row: DemoRow) => boolean;
type Value = string | number | null;
type ReadValue = (row: DemoRow) => Value;

/** Brackets deeper than this are an attack, not a question. */
const MAX_DEPTH = 20;

/**
 * Reads the part of SQL that SoQL and ArcGIS share: comparisons, AND, OR, NOT, brackets, LIKE, IN, BETWEEN, IS NULL,
 * upper(), lower(), and dates as '2026-01-31', DATE '…' or TIMESTAMP '…'. Empty text means all rows.
 * @throws ConditionError for anything else, or for a column that does not exist.
 */
export function parseCondition(publisher: Publisher, text: string): RowTest {
  const tokens = tokenize(text);
  if (tokens.length === 0) return () => true;
  const parser = new ConditionParser(publisher, tokens);
  return parser.parse();
}

class ConditionParser {
  readonly #publisher: Publisher;
  readonly #tokens: Token[];
  #position = 0;
  #depth = 0;

  constructor(publisher: Publisher, tokens: Token[]) {
    this.#publisher = publisher;
    this.#tokens = tokens;
  }

  parse(): RowTest {
    const test = this.#or();
    const rest = this.#tokens[this.#position];
    if (rest) throw new ConditionError(`Unexpected "${shown(rest)}"`);
    return test;
  }

  #or(): RowTest {
    const tests = [this.#and()];
    while (this.#takeWord('OR')) tests.push(this.#and());
    return (row) => tests.some((test) => test(row));
  }

  #and(): RowTest {
    const tests = [this.#not()];
    while (this.#takeWord('AND')) tests.push(this.#not());
    return (row) => tests.every((test) => test(row));
  }

  #not(): RowTest {
    if (!this.#takeWord('NOT')) return this.#primary();
    const test = this.#primary();
    return (row) => !test(row);
  }

  #primary(): RowTest {
    if (!this.#takeSymbol('(')) return this.#comparison();
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new ConditionError('The brackets are nested too deeply');
    const test = this.#or();
    this.#expectSymbol(')');
    this.#depth -= 1;
    return test;
  }

  #comparison(): RowTest {
    const left = this.#value();
    if (this.#takeWord('IS')) return this.#nullTest(left);
    const negated = this.#takeWord('NOT');
    const test = this.#wordComparison(left) ?? (negated ? undefined : this.#symbolComparison(left));
    if (!test) throw new ConditionError('Expected IN, LIKE or BETWEEN after NOT');
    return negated ? (row) => left(row) !== null && !test(row) : test;
  }

  #nullTest(left: ReadValue): RowTest {
    const negated = this.#takeWord('NOT');
    if (!this.#takeWord('NULL')) throw new ConditionError('Expected NULL after IS');
    return (row) => (left(row) === null) !== negated;
  }

  #wordComparison(left: ReadValue): RowTest | undefined {
    if (this.#takeWord('LIKE')) {
      const pattern = this.#value();
      return (row) => matchesLike(String(left(row) ?? ''), String(pattern(row)));
    }
    if (this.#takeWord('BETWEEN')) {
      const low = this.#value();
      if (!this.#takeWord('AND')) throw new ConditionError('Expected AND after BETWEEN');
      const high = this.#value();
      return (row) => compare(left(row), '>=', low(row)) && compare(left(row), '<=', high(row));
    }
    return this.#takeWord('IN') ? this.#inList(left) : undefined;
  }

  #inList(left: ReadValue): RowTest {
    this.#expectSymbol('(');
    const values = [this.#value()];
    while (this.#takeSymbol(',')) values.push(this.#value());
    this.#expectSymbol(')');
    return (row) => values.some((value) => compare(left(row), '=', value(row)));
  }

  #symbolComparison(left: ReadValue): RowTest {
    const token = this.#next();
    if (token.kind !== 'symbol' || !OPERATORS.has(token.text)) {
      throw new ConditionError(`Expected a comparison, found "${shown(token)}"`);
    }
    const right = this.#value();
    return (row) => compare(left(row), token.text, right(row));
  }

  #value(): ReadValue {
    const token = this.#next();
    switch (token.kind) {
      case 'number':
        return () => token.value;
      case 'string':
        return () => token.text;
      case 'column':
        return columnReader(this.#publisher, token.text);
      case 'word':
        return this.#wordValue(token.text);
      case 'symbol':
        throw new ConditionError(`Unexpected "${token.text}"`);
    }
  }

  #wordValue(word: string): ReadValue {
    const upper = word.toUpperCase();
    const next = this.#tokens[this.#position];
    if ((upper === 'DATE' || upper === 'TIMESTAMP') && next?.kind === 'string') {
      this.#position += 1;
      const time = dateOf(next.text);
      if (time === null) throw new ConditionError(`"${next.text}" is not a date`);
      return () => time;
    }
    if ((upper === 'UPPER' || upper === 'LOWER') && this.#takeSymbol('(')) {
      const inner = this.#value();
      this.#expectSymbol(')');
      return (row) => changeCase(inner(row), upper);
    }
    return columnReader(this.#publisher, word);
  }

  #next(): Token {
    const token = this.#tokens[this.#position];
    if (!token) throw new ConditionError('The condition ends too early');
    this.#position += 1;
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#position += 1;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#position += 1;
    return true;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw new ConditionError(`Expected "${symbol}"`);
  }
}

const OPERATORS = new Set(['=', '<>', '!=', '>', '<', '>=', '<=']);

function shown(token: Token): string {
  return token.kind === 'number' ? String(token.value) : token.text;
}

function changeCase(value: Value, to: 'UPPER' | 'LOWER'): Value {
  if (typeof value !== 'string') return value;
  return to === 'UPPER' ? value.toUpperCase() : value.toLowerCase();
}

/** How the values of a column compare: dates as ms since 1970, whatever the publisher writes. */
export function columnReader(publisher: Publisher, column: string): ReadValue {
  const name = column === ':id' ? Object.keys(publisher.columns)[0] : column;
  const kind = name !== undefined && Object.hasOwn(publisher.columns, name) ? publisher.columns[name] : undefined;
  if (name === undefined || kind === undefined) throw new ConditionError(`No such column: ${column}`);
  return (row) => {
    const value = row[name] ?? null;
    return kind === 'date' && typeof value === 'string' ? dateOf(value) : value;
  };
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d{1,3})?)?$/;

/** Times without a zone are UTC here. */
function dateOf(text: string): number | null {
  const match = DATE.exec(text);
  const time = match ? Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** SQL's three values in two: what is compared with nothing is not true. */
function compare(left: Value, operator: string, right: Value): boolean {
  if (left === null || right === null) return false;
  const order = orderOf(left, right);
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '>=':
      return order >= 0;
    default:
      return order <= 0;
  }
}

function orderOf(left: string | number, right: string | number): number {
  const [a, b] = [sameKind(left, right), sameKind(right, left)];
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** A text beside a number is read as a date or a number. */
function sameKind(value: string | number, other: string | number): string | number {
  if (typeof value === typeof other || typeof value === 'number') return value;
  return dateOf(value) ?? Number(value);
}

/** LIKE with "%" and "_", without a regular expression: two pointers, and back to the last "%" on a mismatch. */
export function matchesLike(text: string, pattern: string): boolean {
  let [at, patternAt, starAt, retryAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '%') {
      starAt = patternAt;
      retryAt = at;
      patternAt += 1;
    } else if (wanted === '_' || wanted === text[at]) {
      at += 1;
      patternAt += 1;
    } else if (starAt >= 0) {
      retryAt += 1;
      at = retryAt;
      patternAt = starAt + 1;
    } else return false;
  }
  return /^%*$/.test(pattern.slice(patternAt));
}
