import { type Options, stringify } from 'csv-stringify/sync';

/** A row as the API shows it; only the columns below are read. */
export type CsvRow = Readonly<Record<string, unknown>>;

export const CSV_COLUMNS = [
  'id',
  'source',
  'portal',
  'location',
  'role',
  'name',
  'company',
  'email',
  'phone',
  'request',
  'address',
  'city',
  'state',
  'zip',
  'value',
  'signal',
  'sourceUrl',
  'sourceRowId',
  'firstSeenAt',
  'lastSeenAt',
  'seenCount',
  'sessionId',
  'batchId',
  'demo',
] as const;

/** Spreadsheets skip white space before a formula; full-width forms count as the ASCII ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of the dangerous starts
const FORMULA_START = /^[\t\r\n\u0000]|^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;
const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Spreadsheets run cells that begin like a formula (OWASP: CSV injection), so those get an apostrophe in front; a phone in
 * strict E.164 can do no harm and stays as it is.
 */
export function safeCell(value: unknown, column: string): string {
  if (value === null || value === undefined) return '';
  const text = value instanceof Date ? value.toISOString() : String(value);
  if (column === 'phone' && E164.test(text)) return text;
  return FORMULA_START.test(text) ? `'${text}` : text;
}

/** RFC 4180 lines for rows as they come; holds one row at a time. Begins with a byte order mark, which Excel needs. */
export async function* leadsCsv(rows: AsyncIterable<CsvRow>): AsyncGenerator<string> {
  yield csvLine([...CSV_COLUMNS], { bom: true });
  for await (const row of rows) yield csvLine(CSV_COLUMNS.map((column) => safeCell(row[column], column)));
}

function csvLine(cells: string[], options: Options = {}): string {
  return stringify([cells], { record_delimiter: '\r\n', ...options });
}
