import { LeaseLostError } from '#lib/errors.ts';
import type { SESSION_CALLS } from '#workers/remote/calls/session-calls.ts';
import { type CallContext, type CallHandlers, done } from './call-context.ts';
import { requireOwnClaims, requireOwnWorkers } from './own-workers.ts';

export const SESSION_HANDLERS: CallHandlers<keyof typeof SESSION_CALLS> = {
  claim: async (context, options) => {
    await requireOwnWorkers(context, [options.workerId]);
    const { queue } = context.ports;
    // This process hears of no new work.
    queue.noteWake();
    return await queue.claim(options);
  },
  complete: async (context, { items }) => {
    await requireOwnClaims(context, items);
    return await context.ports.queue.complete(items);
  },
  retry: async (context, { claim, ...options }) => (await own(context, claim)).retry(claim, options),
  fail: async (context, { claim, ...options }) => (await own(context, claim)).fail(claim, options),
  snooze: async (context, { claim, ...options }) => (await own(context, claim)).snooze(claim, options),
  handBack: async (context, { claim, ...options }) => (await own(context, claim)).handBack(claim, options),
  cancelled: async (context, { claim, ...options }) => (await own(context, claim)).cancelled(claim, options),
  saveFinds: async (context, { claim, finds: { hasCursor, cursor, ...finds } }) => {
    const queue = await own(context, claim);
    try {
      return await queue.saveFinds(claim, { ...finds, cursor: hasCursor ? cursor : undefined });
    } catch (error) {
      if (error instanceof LeaseLostError) return null;
      throw error;
    }
  },
  findBatch: ({ ports }, { sessionId }) => ports.lookup.findBatch(sessionId),
  addLines: async (context, { workerId, lines }) => {
    await requireOwnWorkers(context, [workerId]);
    return await done(context.ports.journal.addLines(workerId, lines));
  },
  addRequests: ({ ports }, { requests }) => done(ports.journal.addRequests(requests)),
};

async function own(context: CallContext, claim: { id: number; claimNumber: number }) {
  await requireOwnClaims(context, [claim]);
  return context.ports.queue;
}
