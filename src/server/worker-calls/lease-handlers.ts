import { LeaseLostError } from '#lib/errors.ts';
import type { LEASE_CALLS } from '#workers/remote/calls/lease-calls.ts';
import { type CallHandlers, done } from './call-context.ts';
import { findForeignWorkers, notYours, requireFreeName, tokenOf } from './own-workers.ts';

export const LEASE_HANDLERS: CallHandlers<keyof typeof LEASE_CALLS> = {
  // The version of the calls is checked before any of them; what is left is whether this server fits its own database.
  findMisfit: ({ ports }) => ports.findMisfit(),
  registerWorker: async (context, { leaseMs, ...worker }) => {
    await requireFreeName(context, worker.workerId);
    const row = { ...worker, kind: 'process', tokenId: tokenOf(context) } as const;
    try {
      return await done(context.ports.queue.registerWorker(row, leaseMs));
    } catch (error) {
      throw error instanceof LeaseLostError ? notYours(error.message) : error;
    }
  },
  releaseWorker: async (context, { workerId, cause, ...end }) => {
    // A name that has gone to another token since: its former owner holds nothing under it any more.
    if ((await findForeignWorkers(context, [workerId])).size > 0) return 0;
    return await context.ports.queue.releaseWorker(workerId, cause, end);
  },
  renewLeases: async (context, { workers, leaseMs }) => {
    const ids = workers.map(({ workerId }) => workerId);
    const foreign = await findForeignWorkers(context, ids);
    const own = workers.filter(({ workerId }) => !foreign.has(workerId));
    const { lost, abort } = await context.ports.queue.renewLeases(own, leaseMs);
    // One name that has gone to another token must not take the leases of the others with it.
    return { lost: [...lost, ...foreign], abort };
  },
  rescue: ({ ports }) => ports.queue.rescue(),
  tick: ({ ports }, { sources }) => ports.queue.tick(sources),
  lookForWork: ({ ports }, look) => ports.look(look),
  findLiving: ({ ports }, { workerIds }) => ports.lookup.findLiving(workerIds),
  beatNode: (context, { beat, options }) => context.ports.nodes.beat(beat, { ...options, tokenId: tokenOf(context) }),
  leaveNode: (context, node) => done(context.ports.nodes.leave({ ...node, tokenId: tokenOf(context) })),
  sweepNodes: ({ ports }) => ports.nodes.sweep(),
  awaitSignals: (context, { marks, waitMs }) =>
    context.signals.wait({ marks, waitMs, tokenId: tokenOf(context), leaving: context.leaving }),
  announce: async ({ publisher }, { topics, sessionIds }) => {
    publisher.publish(topics, sessionIds);
    return null;
  },
};
