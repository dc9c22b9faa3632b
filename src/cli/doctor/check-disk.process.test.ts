import path from 'node:path';
import { expect, it } from 'vitest';
import { findDiskObstacle, SmallDisk } from '#test/small-disk.ts';
import { checkDisk } from './check-surroundings.ts';

it.skipIf(findDiskObstacle() !== null)('doctor looks at the disk that a data folder will be made on', async () => {
  const disk = new SmallDisk(8);
  try {
    const dataDir = path.join(disk.folder, 'not/made/yet');
    expect(await checkDisk(dataDir)).toMatchObject([{ level: 'problem', what: expect.stringContaining(dataDir) }]);
  } finally {
    disk.unmount();
  }
});
