import { saveLeads } from '#lib/leads/save-leads.ts';
import { moveWatermarks } from '../portal-store.ts';
import { type CheckpointAnswer, JobQueue } from '../queue/job-queue.ts';
import type { Finds, FindsClaim, SessionQueue } from './session-queue.ts';

/** The queue as workers use it: it also knows where the leads go. */
export class WorkerQueue extends JobQueue implements SessionQueue {
  saveFinds(claim: FindsClaim, { cursor, progress, leads, watermarks }: Finds): Promise<CheckpointAnswer> {
    return this.checkpoint(claim, { cursor, progress }, async (tx) => {
      const { id: sessionId, batchId, location } = claim;
      const saved = await saveLeads(tx, leads, { sessionId, batchId, location });
      await moveWatermarks(tx, sessionId, watermarks);
      return { found: saved.found, fresh: saved.fresh };
    });
  }
}
