import { describe, expect, it } from 'vitest';
import { createOutput, formatPretty, parseLine } from './output.ts';

const LINE = JSON.stringify({
  time: '2026-01-02T03:04:05.000Z',
  level: 'warn',
  pid: 7,
  name: 'worker',
  sessionId: 12,
  location: 'De Kalb',
  message: 'slow\nhost',
});

describe('the output of children', () => {
  it('shows one readable line per event, with its fields behind', () => {
    const text = formatPretty(parseLine('workers', LINE), false);
    expect(text).toMatch(/^\d\d:\d\d:\d\d workers {2}warn: slow · host sessionId=12 location="De Kalb"$/);
  });

  it('uses colour only where asked to', () => {
    expect(formatPretty(parseLine('web', 'plain'), true)).toContain('\u001b[');
    expect(formatPretty(parseLine('web', 'plain'), false)).not.toContain('\u001b[');
  });

  it('writes JSON lines otherwise, plain text of tools included', () => {
    const lines: string[] = [];
    const output = createOutput({ pretty: false, colour: false, write: (text) => lines.push(text) });
    output.childLine('web', '{not json');
    output.childLine('workers', LINE);
    output.childLine('web', '   ');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'web', level: 'info', message: '{not json' },
      { name: 'workers', level: 'warn', message: 'slow\nhost', part: 'worker', sessionId: 12 },
    ]);
  });
});
