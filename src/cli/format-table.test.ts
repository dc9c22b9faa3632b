import { describe, expect, it } from 'vitest';
import { createCliOutput } from './cli-output.ts';
import { formatTable } from './format-table.ts';

const COLUMNS = [
  { title: 'id', text: ({ id }: { id: number; name: string }) => String(id), align: 'right' as const },
  { title: 'name', text: ({ name }: { id: number; name: string }) => name },
];

describe('formatTable', () => {
  it('lines columns up, cuts long cells, and keeps a row on one line', () => {
    const items = [
      { id: 7, name: 'two\nlines' },
      { id: 1234, name: 'x'.repeat(80) },
    ];
    expect(formatTable(items, COLUMNS)).toEqual(['  id  name', '   7  two lines', `1234  ${'x'.repeat(59)}…`]);
  });
});

describe('createCliOutput', () => {
  const open = (isPretty: boolean) => {
    const text = { out: '', err: '' };
    const output = createCliOutput(isPretty, {
      stdout: (more) => (text.out += more),
      stderr: (more) => (text.err += more),
    });
    return { output, text };
  };

  it('gives programs one line of JSON per item and nothing else on stdout', () => {
    const { output, text } = open(false);
    output.say('Working');
    output.list(
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
      COLUMNS,
      'Nothing.',
    );
    output.answer({ done: true }, () => ['Done.']);
    expect(text).toEqual({ out: '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n{"done":true}\n', err: '' });
  });

  it('gives people tables and sentences, and keeps what is no data off stdout', () => {
    const { output, text } = open(true);
    output.list([], COLUMNS, 'Nothing.');
    output.answer({ done: true }, () => ['Done.']);
    expect(text).toEqual({ out: 'Done.\n', err: 'Nothing.\n' });
  });

  it('lets no text of a stranger steer the terminal', () => {
    const { output, text } = open(true);
    output.answer({}, () => ['\u001b[2Jgone\u202eevil']);
    expect(text.out).toBe('\ufffd[2Jgone\ufffdevil\n');
  });
});
