import { LeaseLostError } from '#lib/errors.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer, Settled } from '../queue/job-queue.ts';
import { writeEnding } from '../worker/session-ending.ts';
import type { SpooledCheckpoint, SpooledClaim, SpooledEnding } from './spool-record.ts';

/**
 * What has become of a claim after its records were delivered. 'stale' says that its session belongs to somebody else or has
 * ended: nothing was written, and nothing of it ever will be.
 */
export type Delivery =
  | { end: 'saved'; answer: CheckpointAnswer | null }
  | { end: 'settled'; settled: Settled }
  | { end: 'stale' };

/**
 * Writes one record that had to wait on disk, exactly as it would have been written then. May be repeated: leads and watermarks
 * are upserts, and a second ending finds its claim stale.
 * @param counts what the session has found by now: a sentence about it that was made without the database may be out of date.
 */
export async function deliverRecord(
  queue: SessionQueue,
  claim: SpooledClaim,
  record: SpooledCheckpoint | SpooledEnding,
  counts: CheckpointAnswer | null,
): Promise<Delivery> {
  if (record.kind === 'checkpoint') {
    try {
      return { end: 'saved', answer: await queue.saveFinds(claim, record) };
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
