import { LeaseLostError } from '#lib/errors.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import type { Checkpoint, ScraperContext } from '#lib/scrapers/scraper-context.ts';
import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer } from '../queue/job-queue.ts';
import type { SpoolPort } from '../spool/session-spool.ts';
import type { SpooledCheckpoint } from '../spool/spool-record.ts';
import type { ActiveSession } from './active-session.ts';
import { type PatienceDeps, withPatience } from './session-patience.ts';

export interface CheckpointWriterDeps extends PatienceDeps {
  queue: SessionQueue;
  spool: SpoolPort;
  log: ScraperContext['log'];
}

/** A passing trouble of the database is waited for so long; then the checkpoint goes to the disk and the scrape goes on. */
const DIRECT_TRIES_MS = 300;

/**
 * Saves the checkpoints of one session: in the database, or on disk while that is away, and always in order. A scrape can go on
 * with pages that it has; it gets no further ones, since each needs a slot of its host from the database.
 */
export class CheckpointWriter {
  readonly #deps: CheckpointWriterDeps;
  readonly #active: ActiveSession;
  /** The counts as last heard from the database. */
  #known: CheckpointAnswer;

  constructor(deps: CheckpointWriterDeps, active: ActiveSession) {
    this.#deps = deps;
    this.#active = active;
    const { leadsFound, leadsNew } = active.claimed;
    this.#known = { found: leadsFound, fresh: leadsNew, cancelRequested: false };
  }

  /**
   * @returns the session's counts; those of its last checkpoint in the database while this one waits on disk.
   * @throws LeaseLostError when the claim is no longer good; DatabaseUnavailableError when neither disk nor database took it.
   */
  async save(checkpoint: Checkpoint): Promise<CheckpointAnswer> {
    this.#active.signal.throwIfAborted();
    const record = this.#recordOf(checkpoint);
    if (!this.#deps.spool.isPending) {
      const answer = await this.#saveDirectly(record);
      if (answer) return this.#note(answer);
    }
    if (await this.#deps.spool.append(record)) return await this.#deliverOnce();
    // The disk takes nothing, so this one waits for the database, behind what the disk holds.
    return await withPatience(this.#deps, this.#active, async () => {
      await this.#deliver();
      return this.#note(await this.#deps.queue.saveFinds(this.#active.claimed, record));
    });
  }

  /** Null when the database is away. */
  async #saveDirectly(record: SpooledCheckpoint): Promise<CheckpointAnswer | null> {
    const { queue, isLeaseSafe } = this.#deps;
    const startedAtMs = performance.now();
    try {
      return await withDatabaseRetry(() => queue.saveFinds(this.#active.claimed, record), {
        mayContinue: () => isLeaseSafe() && performance.now() - startedAtMs < DIRECT_TRIES_MS,
        signal: this.#active.signal,
      });
    } catch (error) {
      this.#active.signal.throwIfAborted();
      if (error instanceof LeaseLostError) this.#active.abort(error);
      if (!isDatabaseOutage(error)) throw error;
      this.#deps.logger.warn(
        { sessionId: this.#active.claimed.id, err: error },
        'The database is away; finds wait on disk',
      );
      return null;
    }
  }

  /** The database may be back by now; if not, the next checkpoint, heartbeat or end of the session tries again. */
  async #deliverOnce(): Promise<CheckpointAnswer> {
    try {
      if (this.#deps.isLeaseSafe()) await this.#deliver();
    } catch (error) {
      if (!isDatabaseOutage(error)) throw error;
    }
    return this.#known;
  }

  async #deliver(): Promise<void> {
    const delivery = await this.#deps.spool.deliver();
    if (delivery.end === 'saved') {
      if (delivery.answer) this.#note(delivery.answer);
      return;
    }
    const { id, claimNumber } = this.#active.claimed;
    const lost = new LeaseLostError(
      `Claim ${claimNumber} of session ${id} is no longer good; what waited was dropped.`,
    );
    this.#active.abort(lost);
    throw lost;
  }

  #note(answer: CheckpointAnswer): CheckpointAnswer {
    this.#active.noteSaved();
    this.#known = answer;
    return answer;
  }

  #recordOf({ cursor, progress, leads, watermarks }: Checkpoint): SpooledCheckpoint {
    return {
      kind: 'checkpoint',
      cursor,
      progress,
      leads: this.#normalizeAll(leads),
      watermarks: watermarks ?? [],
    };
  }

  #normalizeAll(drafts: Checkpoint['leads']): NormalizedLead[] {
    const now = new Date();
    const leads: NormalizedLead[] = [];
    for (const draft of drafts) {
      const lead = normalizeLead(draft, { source: this.#active.claimed.source, now });
      if ('rejected' in lead) {
        this.#deps.log('debug', `Row "${draft.sourceRowId}" of "${draft.portal}" is no lead: ${lead.rejected}`);
      } else leads.push(lead);
    }
    return leads;
  }
}
