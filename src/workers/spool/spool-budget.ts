import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** How much may wait on disk, in bytes. */
export interface SpoolLimits {
  /** Of one worker; default 64 MiB. */
  workerBytesMax: number;
  /** Of all workers of this machine that share the folder; default 256 MiB. */
  totalBytesMax: number;
}

export const SPOOL_LIMITS: SpoolLimits = { workerBytesMax: 64 * 1_048_576, totalBytesMax: 256 * 1_048_576 };

/** Bounds what one worker puts on the disk. Other workers are looked at, not agreed with: together they may go a record over. */
export class SpoolBudget {
  readonly #folder: string;
  readonly #limits: SpoolLimits;
  #takenBytes = 0;

  constructor(folder: string, limits: Partial<SpoolLimits> = {}) {
    this.#folder = folder;
    this.#limits = { ...SPOOL_LIMITS, ...limits };
  }

  /** @throws Error that names the limit in the way. */
  async take(bytes: number): Promise<void> {
    const { workerBytesMax, totalBytesMax } = this.#limits;
    if (this.#takenBytes + bytes > workerBytesMax)
      throw new Error(`The worker's limit of ${workerBytesMax} bytes is reached`);
    const totalBytes = await sizeOf(this.#folder);
    if (totalBytes + bytes > totalBytesMax) {
      throw new Error(`"${this.#folder}" holds ${totalBytes} bytes; its limit of ${totalBytesMax} would be passed`);
    }
    this.#takenBytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}

/** Bytes of all files of all workers; files that go away meanwhile count for nothing. */
async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => null);
      return found?.isFile() ? found.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
