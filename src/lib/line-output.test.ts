import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import { LineOutput } from './line-output.ts';

let folder: string;
const open: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-lines-'));
});
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true });
});

function openFile(file: string, flags: number | string): number {
  const fd = openSync(file, flags);
  open.push(fd);
  return fd;
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}\n`);

describe('LineOutput', () => {
  it('writes all lines in order, at the end of a process too', async () => {
    const file = path.join(folder, 'log');
    const output = new LineOutput(openFile(file, 'w'));
    const [first = '', ...rest] = lines(10_000);
    output.write(first);
    await waitFor(() => readFileSync(file, 'utf8') === first, { what: 'the first line' });
    for (const line of rest) output.write(line);
    await waitFor(() => readFileSync(file, 'utf8').endsWith('line 9999\n'), { what: 'the last line' });
    expect(readFileSync(file, 'utf8')).toBe(lines(10_000).join(''));
  });

  it('waits for a pipe that is full, and gives up only at the end of the process', async () => {
    const file = path.join(folder, 'pipe');
    execFileSync('mkfifo', [file]);
    const reader = openFile(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const output = new LineOutput(openFile(file, constants.O_WRONLY | constants.O_NONBLOCK));
    for (const line of lines(50_000)) output.write(line);
    let read = '';
    const readSome = () => {
      read += readAvailable(reader);
      return read.endsWith('line 49999\n');
    };
    await waitFor(readSome, { intervalMs: 5, what: 'the last line' });
    expect(read).toBe(lines(50_000).join(''));
    for (const line of lines(50_000)) output.write(line);
    output.flushSync();
  });

  it('drops what the disk does not take, and goes on with what comes later', async () => {
    const output = new LineOutput(openFile('/dev/full', 'w'));
    for (const line of lines(100)) output.write(line);
    output.flushSync();
    output.write('later\n');
    output.flushSync();
  });
});

function readAvailable(fd: number): string {
  const bytes = Buffer.alloc(65_536);
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return '';
    throw error;
  }
}
