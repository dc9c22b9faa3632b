import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { findDiskObstacle, SmallDisk } from '#test/small-disk.ts';
import { waitFor } from '#test/wait-for.ts';
import { monotonicNowMs } from '../messages.ts';
import { judgeHealth, keepHealthFile } from './health-file.ts';

const said = (atMs: number, workers = 3, wanted = 3) => JSON.stringify({ pid: 7, atMs, workers, wanted });

describe('the health of a manager', () => {
  it('is good while its file is fresh, with or without a database', () => {
    expect(judgeHealth(said(100_000), 159_999, false)).toEqual({ healthy: true });
    expect(judgeHealth(said(100_000, 0), 100_000, false)).toEqual({ healthy: true });
  });

  it('is bad once its loop has stood still for a minute', () => {
    expect(judgeHealth(said(100_000), 160_001, false)).toMatchObject({ healthy: false });
  });

  it('is bad when the file is from before the machine started', () => {
    expect(judgeHealth(said(100_000), 5_000, false)).toMatchObject({ healthy: false });
  });

  it('is bad without a worker where readiness is asked', () => {
    expect(judgeHealth(said(100_000, 0), 100_000, true)).toEqual({ healthy: false, reason: 'No worker is up' });
    expect(judgeHealth(said(100_000, 1), 100_000, true)).toEqual({ healthy: true });
    expect(judgeHealth(said(100_000, 0, 0), 100_000, true)).toEqual({ healthy: true });
  });

  it.each([null, '', '{"pid":', '[]', '{"pid":1}'])('is bad when the file holds %j', (text) => {
    expect(judgeHealth(text, 1, false)).toMatchObject({ healthy: false });
  });

  it('is written for its reader', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'eko-health-'));
    const file = path.join(folder, 'health.json');
    keepHealthFile(file, () => ({ workers: 2, wanted: 3 }), createLogger('test', 'silent'));
    expect(judgeHealth(await readFile(file, 'utf8'), monotonicNowMs(), true)).toEqual({ healthy: true });
    await rm(folder, { recursive: true });
  });

  it.skipIf(findDiskObstacle() !== null)('goes on being told where the disk is full', { timeout: 60_000 }, async () => {
    const disk = new SmallDisk(1);
    try {
      const file = path.join(disk.folder, 'health.json');
      let workers = 7;
      keepHealthFile(file, () => ({ workers, wanted: 99 }), createLogger('test', 'silent'));
      disk.fill();
      // A number that takes more room than the first.
      workers = 10_000;
      const fullAtMs = monotonicNowMs();
      await waitFor(async () => JSON.parse(await readFile(file, 'utf8')).atMs > fullAtMs, {
        timeoutMs: 30_000,
        what: 'a line that was written on the full disk',
      });
      expect(await readdir(disk.folder)).toEqual(['ballast', 'health.json']);
    } finally {
      disk.unmount();
    }
  });
});
