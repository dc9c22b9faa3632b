import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDiskObstacle, SmallDisk } from '#test/small-disk.ts';
import { readSpoolFile, SpoolFile } from './spool-file.ts';
import { encodeRecord, type SpooledClaim } from './spool-record.ts';

const CLAIM: SpooledClaim = {
  id: 5,
  claimNumber: 1,
  batchId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  location: 'Georgia',
};

const recordOf = (page: number) =>
  encodeRecord({
    kind: 'checkpoint',
    cursor: page,
    progress: { message: 'x'.repeat(1_000) },
    leads: [],
    watermarks: [],
  });

const pagesOf = async (file: string) =>
  ((await readSpoolFile(file))?.records ?? []).map((record) => record.kind === 'checkpoint' && record.cursor);

describe.skipIf(findDiskObstacle() !== null)('a disk that gives out within a record', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = new SmallDisk(1);
  });
  afterEach(() => disk.unmount());

  it.each([1, 2, 3])('loses no record that it has taken, with room for %i pages', async (pagesLeft) => {
    disk.fill(pagesLeft);
    const file = path.join(disk.folder, 'spool', 'worker', '5-1.spool');
    const spool = await SpoolFile.create(file, CLAIM);
    const taken: number[] = [];
    const fill = async () => {
      for (let page = 1; ; page += 1) {
        await spool.append(recordOf(page));
        taken.push(page);
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(taken.length).toBeGreaterThan(0);
    expect(await pagesOf(file)).toEqual(taken);
    // What was refused is cut off, so that what comes when there is room again follows what is there.
    disk.free();
    await spool.append(recordOf(100));
    await spool.close();
    expect(await pagesOf(file)).toEqual([...taken, 100]);
  });
});
