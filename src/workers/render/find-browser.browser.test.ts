import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, unpackShippedBrowser } from './find-browser.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-find-browser-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('findBrowser', () => {
  it('takes the program that was named, or says that it cannot be run', async () => {
    const program = path.join(folder, 'chrome');
    writeFileSync(program, '');
    chmodSync(program, 0o755);
    const unpackFolder = path.join(folder, 'unused');
    expect(await findBrowser({ chromePath: program, unpackFolder })).toBe(program);
    const missing = findBrowser({ chromePath: path.join(folder, 'missing'), unpackFolder });
    await expect(missing).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('CHROME_PATH'),
    });
    expect(readdirSync(folder)).toEqual(['chrome']);
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('unpackShippedBrowser', () => {
  it('gives one whole program to all that unpack it at once, and leaves nothing unfinished', async () => {
    const unpackFolder = path.join(folder, 'browsers');
    const unpack = async () => {
      const program = (await unpackShippedBrowser(unpackFolder)) ?? '';
      return { program, inode: statSync(program).ino };
    };
    const [first, second] = await Promise.all([unpack(), unpack()]);
    // Whoever was first may have started it by the time that the second is there.
    expect(second).toEqual(first);
    const program = first?.program;
    expect(readdirSync(path.dirname(program ?? ''))).toEqual(['chromium']);
    expect(await unpackShippedBrowser(unpackFolder)).toBe(program);
  });
});
