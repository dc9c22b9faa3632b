import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlreadyRunningError, lockDataFolder } from './instance-lock.ts';

describe('lockDataFolder', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'eko-lock-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('refuses a second holder and says where the first one runs', () => {
    const lock = lockDataFolder(dataDir);
    lock.setUrl('http://127.0.0.1:3000');
    expect(() => lockDataFolder(dataDir)).toThrow(AlreadyRunningError);
    expect(() => lockDataFolder(dataDir)).toThrow(`already running at http://127.0.0.1:3000 as process ${process.pid}`);
    lock.release();
    lockDataFolder(dataDir).release();
  });

  it('takes over from a process that is gone', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(path.join(dataDir, 'launcher.lock'), JSON.stringify({ pid: gone, mark: null }));
    lockDataFolder(dataDir).release();
  });

  it('is not fooled by a slow start that makes a lock which others have made and removed', () => {
    lockDataFolder(dataDir).release();
    const lock = lockDataFolder(dataDir);
    const numbers = () => readdirSync(dataDir).filter((name) => name.endsWith('.lock'));
    expect(numbers()).toEqual(['launcher.2.lock']);
    writeFileSync(path.join(dataDir, 'launcher.1.lock'), JSON.stringify({ pid: process.ppid, mark: null }));
    lock.release();
    // What is lower than the highest holds nothing.
    lockDataFolder(dataDir).release();
    expect(numbers()).toEqual(['launcher.3.lock']);
  });

  it('heeds the lock of a program of before', () => {
    lockDataFolder(dataDir).release();
    writeFileSync(path.join(dataDir, 'launcher.lock'), JSON.stringify({ pid: process.ppid, mark: null }));
    expect(() => lockDataFolder(dataDir)).toThrow(AlreadyRunningError);
  });

  it('takes over when the pid now belongs to another process', () => {
    writeFileSync(path.join(dataDir, 'launcher.lock'), JSON.stringify({ pid: process.pid, mark: 'an earlier start' }));
    lockDataFolder(dataDir).release();
  });
});
