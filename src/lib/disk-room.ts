import { statfs } from 'node:fs/promises';
import path from 'node:path';

/** Of a file system, as df counts: what only root may still use is not there for anybody else. */
export interface DiskRoom {
  usedBytes: number;
  freeBytes: number;
}

/** The room where a folder is, or will be made: nothing makes the data folder before something is kept there. Null where it cannot be found out. */
export async function readDiskRoom(folder: string): Promise<DiskRoom | null> {
  try {
    const { blocks, bfree, bavail, bsize } = await statfs(folder);
    return { usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize };
  } catch (error) {
    const parent = path.dirname(folder);
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing && parent !== folder ? await readDiskRoom(parent) : null;
  }
}
