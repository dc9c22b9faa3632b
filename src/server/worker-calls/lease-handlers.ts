import type { LEASE_CALLS } from '#workers/remote/calls/lease-calls.ts';
import { type CallHandlers, done } from './call-context.ts';
import { requireFreeName, requireOwnWorkers } from './own-workers.ts';

export const LEASE_HANDLERS: CallHandlers<keyof typeof LEASE_CALLS> = {
  // The version of the calls is checked before any of them; what is left is whether this server fits its own database.
  findMisfit: ({ ports }) => ports.findMisfit(),
  registerWorker: async (context, { leaseMs, ...worker }) => {
    await requireFreeName(context, worker.workerId);
    const tokenId = context.account.token?.tokenId ?? null;
    return await done(context.ports.queue.registerWorker({ ...worker, kind: 'process', tokenId }, leaseMs));
  },
  releaseWorker: async (context, { workerId, cause, reason }) => {
    await requireOwnWorkers(context, [workerId]);
    return await context.ports.queue.releaseWorker(workerId, cause, reason);
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
  beatNode: ({ ports }, { beat, options }) => ports.nodes.beat(beat, options),
  leaveNode: ({ ports }, node) => done(ports.nodes.leave(node)),
  sweepNodes: ({ ports }, { leaseMs }) => ports.nodes.sweep(leaseMs),
  announce: async ({ publisher }, { topics, sessionIds }) => {
    publisher.publish(topics, sessionIds);
    return null;
  },
};
