import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Executor } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { CheckpointAnswer, JobQueue } from '../queue/job-queue.ts';
import { deliverRecord } from './deliver-record.ts';
import { readSpoolFile, SPOOL_SUFFIX, setAside } from './spool-file.ts';
import type { SpooledClaim, SpoolRecord } from './spool-record.ts';

export interface LeftoverOptions {
  queue: JobQueue;
  db: Executor;
  logger: Logger;
}

/** A file of a database that is not there any more is kept this long, in case that it comes back. */
const KEEP_FOREIGN_MS = 7 * 86_400_000;

const FIND_BATCH = 'select batch_id as "batchId" from scraping_sessions where id = $1';

/**
 * Delivers what a worker left behind that cannot do so itself: it died, or its lease has passed. A file goes once its attempt's
 * end is written, or when its claim is stale; one that holds only checkpoints stays until then, and may be delivered again.
 * @throws the database's error when it is away.
 */
export async function deliverLeftovers(workerFolder: string, options: LeftoverOptions): Promise<void> {
  for (const file of await spoolFilesIn(workerFolder)) await deliverFile(file, options);
  // Fails while something is left in it, which is right.
  await rmdir(workerFolder).catch(() => {});
}

async function spoolFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => name.endsWith(SPOOL_SUFFIX)).map((name) => path.join(folder, name));
}

async function deliverFile(file: string, { queue, db, logger }: LeftoverOptions): Promise<void> {
  const found = await readSpoolFile(file);
  // Torn before its first record was whole: it holds nothing.
  if (found === null) return await rm(file, { force: true });
  const { claim, records } = found;
  const about = { sessionId: claim.id, claimNumber: claim.claimNumber, records: records.length };
  if (!(await isOfThisDatabase(db, claim))) return await removeWhenOld(file);
  try {
    const end = await deliverAll(queue, claim, records);
    if (end !== 'saved') await rm(file, { force: true });
    // Said once at the end: until then it may be delivered again every few seconds.
    logger[end === 'saved' ? 'debug' : 'info']({ ...about, end }, 'What a worker had left on disk was delivered');
  } catch (error) {
    if (isDatabaseOutage(error)) throw error;
    logger.error({ ...about, err: error, file }, 'What a worker had left on disk cannot be saved and was set aside');
    await setAside(file);
  }
}

async function deliverAll(
  queue: JobQueue,
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

/** Ids of sessions begin at 1 in every database, but no two batches share their random id. */
async function isOfThisDatabase(db: Executor, claim: SpooledClaim): Promise<boolean> {
  const [row] = await db.query<{ batchId: string }>(FIND_BATCH, [claim.id]);
  return row?.batchId === claim.batchId;
}

async function removeWhenOld(file: string): Promise<void> {
  const { mtimeMs } = await stat(file);
  if (Date.now() - mtimeMs > KEEP_FOREIGN_MS) await rm(file, { force: true });
}
