import { LeaseLostError } from '#lib/errors.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import { moveWatermarks } from '../portal-store.ts';
import type { CheckpointAnswer, JobQueue, Settled } from '../queue/job-queue.ts';
import { writeEnding } from '../session-ending.ts';
import type { SpooledCheckpoint, SpooledClaim, SpooledEnding } from './spool-record.ts';

/**
 * What has become of a claim after its records were delivered. 'stale' says that its session belongs to somebody else or has
 * ended: nothing was written, and nothing of it ever will be.
 */
export type Delivery =
  | { end: 'saved'; answer: CheckpointAnswer | null }
  | { end: 'settled'; settled: Settled }
  | { end: 'stale' };

/** Saves leads, position and watermarks of a checkpoint in one transaction under its claim. @throws LeaseLostError when it is stale. */
export function saveCheckpoint(
  queue: JobQueue,
  claim: SpooledClaim,
  { cursor, progress, leads, watermarks }: Omit<SpooledCheckpoint, 'kind'>,
): Promise<CheckpointAnswer> {
  return queue.checkpoint(claim, { cursor, progress }, async (tx) => {
    const { id: sessionId, batchId, location } = claim;
    const saved = await saveLeads(tx, leads, { sessionId, batchId, location });
    await moveWatermarks(tx, sessionId, watermarks);
    return { found: saved.found, fresh: saved.fresh };
  });
}

/**
 * Writes one record that had to wait on disk, exactly as it would have been written then. May be repeated: leads and watermarks
 * are upserts, and a second ending finds its claim stale.
 * @param counts what the session has found by now: a sentence about it that was made without the database may be out of date.
 */
export async function deliverRecord(
  queue: JobQueue,
  claim: SpooledClaim,
  record: SpooledCheckpoint | SpooledEnding,
  counts: CheckpointAnswer | null,
): Promise<Delivery> {
  if (record.kind === 'checkpoint') {
    try {
      return { end: 'saved', answer: await saveCheckpoint(queue, claim, record) };
    } catch (error) {
      if (error instanceof LeaseLostError) return { end: 'stale' };
      throw error;
    }
  }
  const complete = async (item: { id: number; claimNumber: number }) => (await queue.complete([item])).has(item.id);
  const settled = await writeEnding({ queue, complete }, claim, withCounts(record, counts));
  return settled === 'stale' ? { end: 'stale' } : { end: 'settled', settled };
}

function withCounts(ending: SpooledEnding, counts: CheckpointAnswer | null): SpooledEnding {
  if (!ending.summary || !counts) return ending;
  return { ...ending, summary: { ...ending.summary, totalLeads: counts.found, newLeads: counts.fresh } };
}
