import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  type DecodedRecords,
  decodeRecords,
  encodeRecord,
  type SpooledClaim,
  type SpoolRecord,
} from './spool-record.ts';

/** In the data folder, for all workers of the machine. */
export const SPOOL_FOLDER = 'spool';

/** Ending of the names of spool files; anything else in the folder is left alone. */
export const SPOOL_SUFFIX = '.spool';

/** Where the records of a claim wait: one folder per worker, whose name may hold anything. */
export function spoolFolderOf(spoolFolder: string, workerId: string): string {
  return path.join(spoolFolder, encodeURIComponent(workerId));
}

/** The worker whose folder bears this name. */
export function workerOfFolder(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // Not a name of ours: no worker is called so.
    return name;
  }
}

export function spoolFileName({ id, claimNumber }: SpooledClaim): string {
  return `${id}-${claimNumber}${SPOOL_SUFFIX}`;
}

/** One file of one claim, appended to by its worker only. Found leads are people, so nobody else may read it. */
export class SpoolFile {
  readonly #handle: FileHandle;
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Makes the file, and makes sure that it is found again after a power cut. */
  static async create(file: string, claim: SpooledClaim): Promise<SpoolFile> {
    const folder = path.dirname(file);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const spool = new SpoolFile(await open(file, 'wx', 0o600));
    const { id, claimNumber, batchId, location } = claim;
    try {
      await spool.append(encodeRecord({ kind: 'claim', id, claimNumber, batchId, location }));
      for (const parent of [folder, path.dirname(folder)]) await syncFolder(parent);
    } catch (error) {
      await spool.close();
      await rm(file, { force: true });
      throw error;
    }
    return spool;
  }

  /** Resolves when the bytes are on the disk. What a full disk took of them is cut off again. */
  async append(bytes: Buffer): Promise<void> {
    try {
      await this.#writeAll(bytes);
      await this.#handle.datasync();
    } catch (error) {
      await this.#handle.truncate(this.#bytes).catch(() => {});
      throw error;
    }
    this.#bytes += bytes.length;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** A disk that is about to be full takes a part and calls that a success; only the next write is refused. */
  async #writeAll(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from, this.#bytes + from);
      from += bytesWritten;
    }
  }
}

/** What a file holds, and whose it is. */
export interface SpoolContent extends Pick<DecodedRecords, 'misshapen'> {
  claim: SpooledClaim;
  /** What follows the claim. */
  records: SpoolRecord[];
}

/**
 * The whole records of a file; null when it is gone, or holds not even its first record.
 * @throws MisshapenRecordError when it does not say in a way we know whose it is.
 */
export async function readSpoolFile(file: string): Promise<SpoolContent | null> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return null;
  const { records, misshapen } = decodeRecords(bytes);
  const [claim, ...rest] = records;
  if (claim?.kind === 'claim') return { claim, records: rest, misshapen };
  if (misshapen) throw misshapen;
  return null;
}

/** Ending of what was set aside. */
export const BAD_SUFFIX = '.bad';

/** Takes a file out of the way that cannot be delivered; it stays for people to look at, for a week. */
export async function setAside(file: string): Promise<void> {
  await rename(file, `${file}${BAD_SUFFIX}`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
