import type { PAGE_CALLS } from '#workers/remote/calls/page-calls.ts';
import { type CallContext, type CallHandlers, done } from './call-context.ts';
import { holdsSession, requireKnownWorker } from './own-workers.ts';

export const PAGE_HANDLERS: CallHandlers<keyof typeof PAGE_CALLS> = {
  reserveSlot: async (context, wish) => {
    await requireKnownWorker(context, wish.workerId);
    return await context.ports.slots.reserve({ ...wish, sessionId: await ownSession(context, wish.sessionId) });
  },
  releaseSlot: ({ ports }, slot) => done(ports.slots.release(slot)),
  reportBackoff: ({ ports }, { hostKey, retryAfterMs }) => ports.slots.reportBackoff(hostKey, retryAfterMs),
  pauseHost: ({ ports }, { hostKey, pauseMs, reason }) => done(ports.slots.pause(hostKey, pauseMs, reason)),
  findRobots: ({ ports }, { origin }) => ports.robots.find(origin),
  saveRobots: ({ ports }, { origin, finding }) => done(ports.robots.save(origin, finding)),
  claimLook: ({ ports }, { origin, ttlMs }) => ports.robots.claimLook(origin, ttlMs),
  endLook: ({ ports }, { origin }) => done(ports.robots.endLook(origin)),
  findValidators: ({ ports }, { source, url, parserVersion }) => ports.validators.find(source, url, parserVersion),
  saveValidators: ({ ports }, { pages }) => done(ports.validators.save(pages)),
  keepSnapshot: async (context, row) => {
    return await context.ports.snapshots.keep({ ...row, sessionId: await ownSession(context, row.sessionId) });
  },
  listPortals: ({ ports }, { source }) => ports.portals.listEnabled(source),
  findWatermark: ({ ports }, { portalId, scope }) => ports.portals.findWatermark(portalId, scope),
};

/** What is said of a session counts only where the caller runs it: null for any other, which costs the page nothing. */
async function ownSession(context: CallContext, sessionId: number | null): Promise<number | null> {
  return sessionId !== null && (await holdsSession(context, sessionId)) ? sessionId : null;
}
