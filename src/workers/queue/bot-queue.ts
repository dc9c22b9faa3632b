import type { Executor } from '#lib/db/create-db.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { type CheckpointPatch, type Claim, type Completion, type FoundLeads, JobQueue } from './job-queue.ts';
import { holdSession, saveCheckpoint } from './transitions/checkpoint.ts';
import { completeSessions } from './transitions/complete.ts';
import { type BotBeatAnswer, renewBot } from './transitions/renew-bot.ts';
import { findNotStarted, type StartedClaim, startClaim } from './transitions/start-claim.ts';

/** The queue as bots use it, over HTTP: their calls may be repeated, and an answer to a claim may be lost on its way. */
export class BotQueue extends JobQueue {
  /** Says that a bot works on what it has claimed, which gives it the time limit of its source; null for a stale claim. */
  startClaim(claim: Claim, timeoutMs: number): Promise<StartedClaim | null> {
    return startClaim(this.db, claim, timeoutMs);
  }

  /** Hands back what a bot has claimed and not started: its answer was lost. Returns how many sessions those were. */
  async handBackNotStarted(botId: string): Promise<number> {
    const claims = await findNotStarted(this.db, botId);
    for (const claim of claims) await this.handBack(claim, { reason: 'Its bot did not start it; ready to go on' });
    return claims.length;
  }

  /** A bot's own heartbeat, or any other sign of life of it. */
  renewBot(botId: string, leaseMs: number): Promise<BotBeatAnswer> {
    return renewBot(this.db, botId, leaseMs, this.program);
  }

  /**
   * Saves the last leads of a session and completes it, both or neither. Returns false, and writes nothing, when the claim is
   * no longer good; how it ended before, the attempt's row says.
   * @param summaryOf one short sentence from the counts of the whole session.
   */
  async finish(
    completion: Completion,
    patch: CheckpointPatch,
    effects: (tx: Executor) => Promise<FoundLeads>,
    summaryOf: (counts: FoundLeads) => string,
  ): Promise<boolean> {
    const completed = await this.db.transaction(async (tx) => {
      if (!(await holdSession(tx, completion))) return [];
      const counts = await saveCheckpoint(tx, completion.id, patch, await effects(tx));
      return await completeSessions(tx, [{ ...completion, statusReason: counts ? summaryOf(counts) : undefined }]);
    });
    await faultPoint('after_commit');
    await this.lines.move(completed.flatMap(({ hostKey }) => hostKey ?? []));
    return completed.length > 0;
  }
}
