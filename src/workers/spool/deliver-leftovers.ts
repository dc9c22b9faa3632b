import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer } from '../queue/job-queue.ts';
import { deliverRecord } from './deliver-record.ts';
import type { LeftoverLookup } from './leftover-lookup.ts';
import { BAD_SUFFIX, readSpoolFile, SPOOL_SUFFIX, setAside } from './spool-file.ts';
import type { SpooledClaim, SpoolRecord } from './spool-record.ts';

export interface LeftoverOptions {
  queue: SessionQueue;
  lookup: Pick<LeftoverLookup, 'findBatch'>;
  logger: Logger;
}

/** A file of a database that is not there any more is kept this long, in case that it comes back; so is what was set aside. */
const KEEP_MS = 7 * 86_400_000;

/** A file without its first record may have been opened at this moment; after this long it will not get one. */
const KEEP_EMPTY_MS = 3_600_000;

/**
 * Delivers what a worker left behind that cannot do so itself: it died, or its lease has passed. A file goes once its attempt's
 * end is written, or when its claim is stale; one that holds only checkpoints stays until then, and may be delivered again.
 * @throws the database's error when it is away.
 */
export async function deliverLeftovers(workerFolder: string, options: LeftoverOptions): Promise<void> {
  const names = await readdir(workerFolder).catch(() => [] as string[]);
  for (const name of names) await tidy(path.join(workerFolder, name), options);
  // Fails while something is left in it, which is right.
  await rmdir(workerFolder).catch(() => {});
}

/** One file that the disk does not give, or does not let go, must not hold up the others, nor who waits for this. */
async function tidy(file: string, options: LeftoverOptions): Promise<void> {
  try {
    if (file.endsWith(SPOOL_SUFFIX)) await deliverFile(file, options);
    else if (file.endsWith(BAD_SUFFIX)) await removeWhenOld(file, KEEP_MS);
  } catch (error) {
    if (isDatabaseOutage(error)) throw error;
    options.logger.error({ err: error, file }, 'A file that a worker has left cannot be dealt with; it stays');
  }
}

async function deliverFile(file: string, { queue, lookup, logger }: LeftoverOptions): Promise<void> {
  const found = await readSpoolFile(file);
  if (found === null) return await removeWhenOld(file, KEEP_EMPTY_MS);
  const { claim, records } = found;
  const about = { sessionId: claim.id, claimNumber: claim.claimNumber, records: records.length };
  // Ids of sessions begin at 1 in every database, but no two batches share their random id.
  if ((await lookup.findBatch(claim.id)) !== claim.batchId) return await removeWhenOld(file, KEEP_MS);
  try {
    const end = await deliverAll(queue, claim, records);
    if (end !== 'saved') await rm(file, { force: true });
    // Said once at the end: until then it may be delivered again every few seconds.
    logger[end === 'saved' ? 'debug' : 'info']({ ...about, end }, 'What a worker had left on disk was delivered');
  } catch (error) {
    if (isDatabaseOutage(error)) throw error;
    logger.error({ ...about, err: error, file }, 'What a worker had left on disk cannot be saved and is set aside');
    await setAside(file);
  }
}

async function deliverAll(
  queue: SessionQueue,
  claim: SpooledClaim,
  records: readonly SpoolRecord[],
): Promise<'saved' | 'settled' | 'stale'> {
  let answer: CheckpointAnswer | null = null;
  for (const record of records) {
    if (record.kind === 'claim') continue;
    const delivery = await deliverRecord(queue, claim, record, answer);
    if (delivery.end !== 'saved') return delivery.end;
    ({ answer } = delivery);
  }
  return 'saved';
}

/** By the clock that the file was written with. */
async function removeWhenOld(file: string, keepMs: number): Promise<void> {
  const { mtimeMs } = await stat(file);
  if (Date.now() - mtimeMs > keepMs) await rm(file, { force: true });
}
