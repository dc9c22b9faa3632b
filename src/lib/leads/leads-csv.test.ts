import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CSV_COLUMNS, type CsvRow, leadsCsv, safeCell } from './leads-csv.ts';

async function* each(rows: CsvRow[]): AsyncGenerator<CsvRow> {
  yield* rows;
}

async function textOf(rows: CsvRow[]): Promise<string> {
  let text = '';
  for await (const line of leadsCsv(each(rows))) text += line;
  return text;
}

describe('leadsCsv', () => {
  it('begins with a byte order mark and the names of the columns, also without rows', async () => {
    expect(await textOf([])).toBe(`\ufeff${CSV_COLUMNS.join(',')}\r\n`);
  });

  it('quotes what needs quoting and leaves empty what is unknown', async () => {
    const [, line] = (await textOf([{ id: 7, name: 'Example, "Pat"', email: null, value: 1250.5, demo: true }])).split(
      '\r\n',
    );
    expect(line).toBe('7,,,,,"Example, ""Pat""",,,,,,,,,1250.5,,,,,,,,,true');
  });

  it.each([
    ['name', '=1+1', "'=1+1"],
    ['name', '+1', "'+1"],
    ['name', '-2', "'-2"],
    ['name', '@SUM(A1)', "'@SUM(A1)"],
    ['name', '\t=1', "'\t=1"],
    ['name', '  =1', "'  =1"],
    ['name', '\u0000=1', "'\u0000=1"],
    ['name', '＝1', "'＝1"],
    ['name', '＠x', "'＠x"],
    ['phone', '+14045550123', '+14045550123'],
    ['phone', '+1404555+cmd', "'+1404555+cmd"],
    ['name', '+14045550123', "'+14045550123"],
    ['name', 'Pat = Example', 'Pat = Example'],
    ['value', 12, '12'],
    ['name', null, ''],
  ])('writes the %s %j as %j', (column, value, expected) => {
    expect(safeCell(value, column)).toBe(expected);
  });

  it('writes no cell that a spreadsheet would run, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...CSV_COLUMNS), (text, column) => {
        const cell = safeCell(text, column);
        expect(/^\s*[=+\-@＝＋－＠]/.test(cell) && !/^\+[1-9]\d{6,14}$/.test(cell)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never holds more than the row it writes', async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<CsvRow> {
      for (;;) {
        made += 1;
        yield { id: made };
      }
    }
    const lines = leadsCsv(endless());
    for (let index = 0; index < 4; index += 1) await lines.next();
    await lines.return(undefined);
    expect(made).toBe(3);
  });
});
