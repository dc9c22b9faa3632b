import { LeaseLostError } from '#lib/errors.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import type { Finds, FindsClaim, SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer, Claim, ClaimedSession, Completion, Settled } from '../queue/job-queue.ts';
import type { CallArgs } from './calls/index.ts';
import { type ServerClient, ServerRefusedError, TOO_LARGE } from './server-client.ts';
import { sliceItems } from './slice-items.ts';

/** The queue of sessions behind a server. */
export class RemoteSessionQueue implements SessionQueue {
  readonly #client: ServerClient;

  constructor(client: ServerClient) {
    this.#client = client;
  }

  /** The server looks at all sessions anyway. */
  noteWake(): void {}

  async claim(options: Parameters<SessionQueue['claim']>[0]): Promise<ClaimedSession[]> {
    const { workerId, sources, limit, jobTimeoutMs, held = [], unsure = false } = options;
    if (limit < 1 || sources.length === 0) return [];
    const args = { workerId, sources: [...sources], limit, jobTimeoutMs, held: held.map(toClaim), unsure };
    return await this.#client.call('claim', args as CallArgs<'claim'>);
  }

  complete(items: readonly Completion[]): Promise<Set<number>> {
    return this.#client.call('complete', { items: [...items] });
  }

  retry(claim: Claim, { error, stats, hostKey }: Parameters<SessionQueue['retry']>[1]): Promise<Settled> {
    return this.#client.call('retry', { claim: toClaim(claim), error, stats, hostKey });
  }

  fail(claim: Claim, { error, stats }: Parameters<SessionQueue['fail']>[1]): Promise<Settled> {
    return this.#client.call('fail', { claim: toClaim(claim), error, stats });
  }

  snooze(claim: Claim, { delayMs, reason, stats, hostKey }: Parameters<SessionQueue['snooze']>[1]): Promise<Settled> {
    return this.#client.call('snooze', {
      claim: toClaim(claim),
      delayMs: Math.max(0, delayMs),
      reason,
      stats,
      hostKey,
    });
  }

  handBack(claim: Claim, { reason, stats, hostKey }: Parameters<SessionQueue['handBack']>[1]): Promise<Settled> {
    return this.#client.call('handBack', { claim: toClaim(claim), reason, stats, hostKey });
  }

  cancelled(claim: Claim, { stats }: NonNullable<Parameters<SessionQueue['cancelled']>[1]> = {}): Promise<Settled> {
    return this.#client.call('cancelled', { claim: toClaim(claim), stats });
  }

  /** What is too large for one call goes in several, the position with the last: lost in between, the page is read again. */
  async saveFinds(claim: FindsClaim, { leads, ...rest }: Finds): Promise<CheckpointAnswer> {
    return await this.#saveSlices(claim, sliceItems(leads), rest);
  }

  async #saveSlices(claim: Claim, slices: NormalizedLead[][], rest: Omit<Finds, 'leads'>): Promise<CheckpointAnswer> {
    const last = slices.pop() ?? [];
    for (const slice of slices) await this.#saveSlice(claim, { leads: slice, watermarks: [] });
    return await this.#saveSlice(claim, { ...rest, leads: last });
  }

  /** Halved where something in front of the server takes less, until it takes it or nothing is left to halve. */
  async #saveSlice(claim: Claim, { leads, ...rest }: Finds): Promise<CheckpointAnswer> {
    try {
      return await this.#send(claim, { leads, ...rest });
    } catch (error) {
      const isTooLarge = error instanceof ServerRefusedError && error.status === TOO_LARGE;
      if (!isTooLarge || leads.length < 2) throw error;
    }
    const half = Math.ceil(leads.length / 2);
    return await this.#saveSlices(claim, [leads.slice(0, half), leads.slice(half)], rest);
  }

  async #send({ id, claimNumber }: Claim, finds: Finds): Promise<CheckpointAnswer> {
    const { cursor, progress, leads, watermarks } = finds;
    const answer = await this.#client.call('saveFinds', {
      claim: { id, claimNumber },
      finds: {
        cursor: cursor ?? null,
        hasCursor: cursor !== undefined,
        progress,
        leads: [...leads],
        watermarks: [...watermarks],
      },
    });
    if (answer !== null) return answer;
    throw new LeaseLostError(`Claim ${claimNumber} of session ${id} is no longer good; nothing was saved.`, {
      context: { sessionId: id, claimNumber },
    });
  }
}

/** Who has more at hand sends no more than that. */
function toClaim({ id, claimNumber }: Claim): Claim {
  return { id, claimNumber };
}
