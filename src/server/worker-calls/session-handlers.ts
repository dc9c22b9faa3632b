import { LeaseLostError } from '#lib/errors.ts';
import type { SESSION_CALLS } from '#workers/remote/calls/session-calls.ts';
import { type CallContext, type CallHandlers, done } from './call-context.ts';
import { findOwnClaims, type OwnClaim, requireKnownWorker } from './own-workers.ts';

interface Claim {
  id: number;
  claimNumber: number;
}

export const SESSION_HANDLERS: CallHandlers<keyof typeof SESSION_CALLS> = {
  claim: async (context, options) => {
    await requireKnownWorker(context, options.workerId);
    const { queue } = context.ports;
    // Nobody tells this queue of new work.
    queue.noteWake();
    return await queue.claim(options);
  },
  complete: async (context, { items }) => {
    const isOwn = await ownership(context, items);
    return await context.ports.queue.complete(items.filter(isOwn));
  },
  retry: (context, { claim, ...options }) =>
    underClaim(context, claim, 'stale', () => context.ports.queue.retry(claim, options)),
  fail: (context, { claim, ...options }) =>
    underClaim(context, claim, 'stale', () => context.ports.queue.fail(claim, options)),
  snooze: (context, { claim, ...options }) =>
    underClaim(context, claim, 'stale', () => context.ports.queue.snooze(claim, options)),
  handBack: (context, { claim, ...options }) =>
    underClaim(context, claim, 'stale', () => context.ports.queue.handBack(claim, options)),
  cancelled: (context, { claim, ...options }) =>
    underClaim(context, claim, 'stale', () => context.ports.queue.cancelled(claim, options)),
  saveFinds: (context, { claim, finds: { hasCursor, cursor, leads, ...finds } }) =>
    underClaim(context, claim, null, async (own) => {
      const ofSession = leads.map((lead) => ({ ...lead, source: own.source }));
      try {
        const given = { ...finds, leads: ofSession, cursor: hasCursor ? cursor : undefined };
        return await context.ports.queue.saveFinds(own, given);
      } catch (error) {
        if (error instanceof LeaseLostError) return null;
        throw error;
      }
    }),
  findBatch: ({ ports }, { sessionId }) => ports.lookup.findBatch(sessionId),
  addLines: async (context, { workerId, lines }) => {
    await requireKnownWorker(context, workerId);
    const isOwn = await ownership(context, lines.map(claimOf));
    return await done(
      context.ports.journal.addLines(
        workerId,
        lines.filter((line) => isOwn(claimOf(line))),
      ),
    );
  },
  addRequests: async (context, { requests }) => {
    const isOwn = await ownership(context, requests.map(claimOf));
    return await done(context.ports.journal.addRequests(requests.filter((request) => isOwn(claimOf(request)))));
  },
};

/** What was said under a claim. */
function claimOf({ sessionId, claimNumber }: { sessionId: number; claimNumber: number }): Claim {
  return { id: sessionId, claimNumber };
}

async function underClaim<Answer>(
  context: CallContext,
  claim: Claim,
  stale: Answer,
  work: (own: OwnClaim) => Promise<Answer>,
): Promise<Answer> {
  const [own] = await findOwnClaims(context, [claim]);
  return own ? await work(own) : stale;
}

/** Tells of each of these claims whether it is the caller's. */
async function ownership(context: CallContext, claims: readonly Claim[]): Promise<(claim: Claim) => boolean> {
  const keyOf = ({ id, claimNumber }: Claim) => `${id}/${claimNumber}`;
  const distinct = new Map(claims.map((claim) => [keyOf(claim), claim]));
  const own = new Set((await findOwnClaims(context, [...distinct.values()])).map(keyOf));
  return (claim) => own.has(keyOf(claim));
}
