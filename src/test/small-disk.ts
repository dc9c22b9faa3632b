import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';

/** What a file system of this kind hands out at once. */
const PAGE_BYTES = 4_096;

/** A file system with a size of its own, in memory, that can be filled up and freed. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;
  readonly #onExit = () => this.unmount();

  /** @throws Error with what mount said, such as for want of root. */
  constructor(megabytes: number) {
    // Not in TMPDIR: the user that PostgreSQL runs as may not be able to enter that.
    this.folder = mkdtempSync('/tmp/eko-chaos-disk-');
    this.#ballast = path.join(this.folder, 'ballast');
    const { status, stderr, error } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'eko-chaos', this.folder],
      { encoding: 'utf8' },
    );
    if (status !== 0) {
      rmdirSync(this.folder);
      throw new Error(`a small file system cannot be mounted here: ${error?.message ?? stderr.trim()}`);
    }
    process.once('exit', this.#onExit);
  }

  /** Leaves so many pages of 4 KiB, and takes all the rest. */
  fill(pagesLeft = 0): void {
    const file = openSync(this.#ballast, 'a');
    let bytes = 0;
    try {
      for (;;) bytes += writeSync(file, Buffer.alloc(64 * PAGE_BYTES));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
    truncateSync(this.#ballast, Math.max(0, bytes - pagesLeft * PAGE_BYTES));
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** With all that is on it. */
  unmount(): void {
    process.off('exit', this.#onExit);
    // Lazily: a process that was killed just now may hold a file for a moment longer.
    spawnSync('umount', ['-l', this.folder]);
    rmdirSync(this.folder);
  }
}

/** Why there cannot be one here; null when there can. */
export function findDiskObstacle(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'mounting a small file system needs root on Linux';
  try {
    new SmallDisk(1).unmount();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
