import { ConditionError, columnReader } from './condition.ts';
import type { DemoRow, Publisher } from './publishers.ts';

/**
 * Sorts by "column [ASC|DESC], …" as all three dialects write it; rows that are equal keep the publisher's order.
 * @throws ConditionError for a column that does not exist or a direction that is none.
 */
export function sortRows(publisher: Publisher, rows: readonly DemoRow[], order: string | null): readonly DemoRow[] {
  if (order === null || order.trim() === '') return rows;
  const keys = order.split(',').map((part) => parseKey(publisher, part.trim()));
  return rows.toSorted((a, b) => {
    for (const { read, sign } of keys) {
      const [left, right] = [read(a) ?? '', read(b) ?? ''];
      if (left !== right) return left < right ? -sign : sign;
    }
    return 0;
  });
}

function parseKey(publisher: Publisher, text: string) {
  const direction = /\s(?:asc|desc)$/i.exec(text)?.[0] ?? '';
  const column = text.slice(0, text.length - direction.length).trimEnd();
  if (column === '') throw new ConditionError(`Unable to sort by "${text}"`);
  const quoted = /^["`](.+)["`]$/.exec(column)?.[1];
  return { read: columnReader(publisher, quoted ?? column), sign: /desc/i.test(direction) ? -1 : 1 };
}
