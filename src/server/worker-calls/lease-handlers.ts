import { LeaseLostError } from '#lib/errors.ts';
import type { LEASE_CALLS } from '#workers/remote/calls/lease-calls.ts';
import { type CallHandlers, done } from './call-context.ts';
import { notYours, requireFreeName, requireOwnWorkers, tokenOf } from './own-workers.ts';

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
    await requireOwnWorkers(context, [workerId]);
    return await context.ports.queue.releaseWorker(workerId, cause, end);
  },
  renewLeases: async (context, { workers, leaseMs }) => {
    await requireOwnWorkers(
      context,
      workers.map(({ workerId }) => workerId),
    );
    return await context.ports.queue.renewLeases(workers, leaseMs);
  },
  rescue: ({ ports }) => ports.queue.rescue(),
  tick: ({ ports }, { sources }) => ports.queue.tick(sources),
  lookForWork: ({ ports }, look) => ports.look(look),
  findLiving: ({ ports }, { workerIds }) => ports.lookup.findLiving(workerIds),
  beatNode: (context, { beat, options }) => context.ports.nodes.beat(beat, { ...options, tokenId: tokenOf(context) }),
  leaveNode: (context, node) => done(context.ports.nodes.leave({ ...node, tokenId: tokenOf(context) })),
  sweepNodes: ({ ports }) => ports.nodes.sweep(),
  announce: async ({ publisher }, { topics, sessionIds }) => {
    publisher.publish(topics, sessionIds);
    return null;
  },
};
