import type { DemoRow, Publisher } from './publishers.ts';

export type RowTest = (row: DemoRow) => boolean;

/** A condition that this server does not understand; each dialect reports it in its own words. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

const COMPARISON = /^\s*"?(:?[\w #]+?)"?\s*(>=|<=|>|<|=)\s*(.+?)\s*$/;

/**
 * Reads comparisons joined by AND, which is all that the scrapers send: `issued >= DATE '2026-01-31'`,
 * `OBJECTID > 400`, `:id > 'row-7'`, `1=1`.
 * @throws ConditionError for anything else, or for a column that does not exist.
 */
export function parseCondition(publisher: Publisher, text: string): RowTest {
  const tests = text.split(/\s+AND\s+/i).map((part) => parseComparison(publisher, part));
  return (row) => tests.every((test) => test(row));
}

function parseComparison(publisher: Publisher, text: string): RowTest {
  if (/^\s*1\s*=\s*1\s*$/.test(text) || text.trim() === '') return () => true;
  const [, column = '', operator = '', literal = ''] = COMPARISON.exec(text) ?? [];
  if (operator === '') throw new ConditionError(`Unable to parse "${text}"`);
  const wanted = parseLiteral(literal);
  const read = columnReader(publisher, column);
  return (row) => compare(read(row), operator, wanted);
}

function columnReader(publisher: Publisher, column: string): (row: DemoRow) => string | number {
  const internal = column === ':id' ? Object.keys(publisher.columns)[0] : column;
  const kind = internal === undefined ? undefined : publisher.columns[internal];
  if (internal === undefined || kind === undefined) throw new ConditionError(`No such column: ${column}`);
  return (row) => {
    const value = row[internal] ?? '';
    return kind === 'date' ? new Date(typeof value === 'string' ? `${value}Z` : value).getTime() : value;
  };
}

function parseLiteral(literal: string): string | number {
  const dated = /^(?:DATE|TIMESTAMP)?\s*'(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?)?'$/i.exec(literal);
  if (dated) return Date.parse(`${dated[1]}T${dated[2] ?? '00:00:00'}Z`);
  const quoted = /^'((?:[^']|'')*)'$/.exec(literal);
  if (quoted) return (quoted[1] ?? '').replaceAll("''", "'");
  if (/^-?\d+(\.\d+)?$/.test(literal)) return Number(literal);
  throw new ConditionError(`Unable to parse "${literal}"`);
}

function compare(left: string | number, operator: string, right: string | number): boolean {
  switch (operator) {
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    default:
      return left === right;
  }
}
