import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { CallFailedError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer } from '../queue/job-queue.ts';
import { deliverRecord } from './deliver-record.ts';
import type { DeliveryTries } from './delivery-tries.ts';
import type { LeftoverLookup } from './leftover-lookup.ts';
import { BAD_SUFFIX, readSpoolFile, SPOOL_SUFFIX, type SpoolContent, setAside } from './spool-file.ts';
import { MisshapenRecordError } from './spool-record.ts';

export interface LeftoverOptions {
  queue: SessionQueue;
  lookup: Pick<LeftoverLookup, 'findBatch'>;
  /** Of all rounds of this process. */
  tries: DeliveryTries;
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

async function deliverFile(file: string, options: LeftoverOptions): Promise<void> {
  const { lookup, logger } = options;
  let found: SpoolContent | null;
  try {
    found = await readSpoolFile(file);
  } catch (error) {
    if (!(error instanceof MisshapenRecordError)) throw error;
    logger.error({ err: error, file }, 'What a worker had left on disk cannot be read and is set aside');
    return await setAside(file);
  }
  if (found === null) return await removeWhenOld(file, KEEP_EMPTY_MS);
  // Ids of sessions begin at 1 in every database, but no two batches share their random id.
  if ((await lookup.findBatch(found.claim.id)) !== found.claim.batchId) return await removeWhenOld(file, KEEP_MS);
  await deliverContent(file, found, options);
}

async function deliverContent(file: string, content: SpoolContent, options: LeftoverOptions): Promise<void> {
  const { queue, logger, tries } = options;
  const { id: sessionId, claimNumber } = content.claim;
  const about = { sessionId, claimNumber, records: content.records.length };
  try {
    const end = await deliverAll(queue, content);
    tries.forget(file);
    if (end !== 'saved') await rm(file, { force: true });
    // Said once at the end: until then it may be delivered again every few seconds.
    logger[end === 'saved' ? 'debug' : 'info']({ ...about, end }, 'What a worker had left on disk was delivered');
  } catch (error) {
    // The server has just answered for this file: nobody waits until it takes it. Its session goes on without it then.
    const isOwnFault = error instanceof CallFailedError;
    if (isOwnFault && !tries.noteFailure(file)) {
      logger.warn({ ...about, err: error, file }, 'What a worker had left on disk cannot be saved yet');
      return;
    }
    if (!isOwnFault && isDatabaseOutage(error)) throw error;
    logger.error({ ...about, err: error, file }, 'What a worker had left on disk cannot be saved and is set aside');
    await setAside(file);
  }
}

async function deliverAll(
  queue: SessionQueue,
  { claim, records, misshapen }: SpoolContent,
): Promise<'saved' | 'settled' | 'stale'> {
  let answer: CheckpointAnswer | null = null;
  for (const record of records) {
    if (record.kind === 'claim') continue;
    const delivery = await deliverRecord(queue, claim, record, answer);
    if (delivery.end !== 'saved') return delivery.end;
    ({ answer } = delivery);
  }
  if (misshapen) throw misshapen;
  return 'saved';
}

/** By the clock that the file was written with. */
async function removeWhenOld(file: string, keepMs: number): Promise<void> {
  const { mtimeMs } = await stat(file);
  if (Date.now() - mtimeMs > keepMs) await rm(file, { force: true });
}
