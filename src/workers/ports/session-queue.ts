import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import type { WatermarkUpdate } from '#lib/scrapers/scraper-context.ts';
import type { CheckpointAnswer, ClaimedSession, JobQueue } from '../queue/job-queue.ts';

/** What one checkpoint of a session brings. */
export interface Finds {
  /** Undefined leaves the saved one as it is. */
  cursor?: unknown;
  progress?: SessionProgress | undefined;
  leads: readonly NormalizedLead[];
  watermarks: readonly WatermarkUpdate[];
}

/** The claim under which something was found, with what its leads are marked with. */
export type FindsClaim = Pick<ClaimedSession, 'id' | 'claimNumber' | 'batchId' | 'location'>;

/** What a worker does with sessions; all of it is safe to repeat. */
export interface SessionQueue
  extends Pick<JobQueue, 'noteWake' | 'complete' | 'retry' | 'fail' | 'snooze' | 'handBack' | 'cancelled'> {
  claim(options: Parameters<JobQueue['claim']>[0]): Promise<ClaimedSession[]>;
  /** Saves leads, position and watermarks of a checkpoint, all or none. @throws LeaseLostError when the claim is stale. */
  saveFinds(claim: FindsClaim, finds: Finds): Promise<CheckpointAnswer>;
}

/** What a manager does for its workers. */
export type LeaseQueue = Pick<JobQueue, 'registerWorker' | 'releaseWorker' | 'renewLeases' | 'rescue' | 'tick'>;
