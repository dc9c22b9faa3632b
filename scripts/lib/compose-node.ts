import type { Env } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';
import type { EventPublisher } from '#workers/events.ts';
import { createMachineSampler } from '#workers/nodes/machine-sampler.ts';
import { NodeKeeper } from '#workers/nodes/node-keeper.ts';
import type { NodeStore } from '#workers/nodes/node-store.ts';

export interface NodeOptions {
  /** Workers that it is started with. */
  configuredWorkers: number;
  version: string;
  nodes: NodeStore;
  events: EventPublisher;
}

/** What reports on this machine and lets people steer it. */
export function composeNode(env: Env, options: NodeOptions, logger: Logger): NodeKeeper {
  return new NodeKeeper({
    logger,
    nodeId: env.NODE_ID,
    ...options,
    concurrency: env.WORKER_CONCURRENCY,
    heartbeatMs: env.HEARTBEAT_INTERVAL * 1_000,
    leaseMs: env.LOCK_TTL * 1_000,
    overHttp: env.EKO_SERVER_URL !== undefined,
    sample: createMachineSampler({ dataFolder: env.EKO_DATA_DIR }),
  });
}
