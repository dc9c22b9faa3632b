import { formatTable, type TableColumn } from './format-table.ts';

/** What a command tells: data on stdout, everything else on stderr. */
export interface CliOutput {
  /** Whether people read it; programs get JSON. */
  isPretty: boolean;
  /** One answer: lines for people, or one line of JSON. */
  answer(value: unknown, lines: () => readonly string[]): void;
  /** A list: a table for people (`empty` where there is nothing), or one line of JSON per item. */
  list<Item>(items: readonly Item[], columns: readonly TableColumn<Item>[], empty: string): void;
  /** For people only: what is going on. */
  say(text: string): void;
  /** What went wrong, or has to be known whoever reads. */
  warn(text: string): void;
}

export interface OutputStreams {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

export function createCliOutput(isPretty: boolean, { stdout, stderr }: OutputStreams): CliOutput {
  const putLines = (lines: readonly string[]) => stdout(lines.map((line) => `${printable(line)}\n`).join(''));
  return {
    isPretty,
    answer(value, lines) {
      putLines(isPretty ? lines() : [JSON.stringify(value)]);
    },
    list(items, columns, empty) {
      if (!isPretty) putLines(items.map((item) => JSON.stringify(item)));
      else if (items.length === 0) stderr(`${empty}\n`);
      else putLines(formatTable(items, columns));
    },
    say(text) {
      if (isPretty) stderr(`${printable(text)}\n`);
    },
    warn(text) {
      stderr(`${printable(text)}\n`);
    },
  };
}

/** Texts of strangers must not move the cursor or change the colours of a terminal. */
function printable(text: string): string {
  // Of the control characters tab and line feed stay.
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\t' || character === '\n' ? character : '\ufffd',
  );
}
