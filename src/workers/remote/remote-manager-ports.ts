import type { ManagerPorts } from '../ports/manager-ports.ts';
import type { LeaseQueue } from '../ports/session-queue.ts';
import { listenThroughServer } from './remote-queue-listener.ts';
import { RemoteSessionQueue } from './remote-session-queue.ts';
import { type ServerClient, ServerRefusedError } from './server-client.ts';

export interface RemoteManagerOptions {
  client: ServerClient;
  /** Heartbeats have connections of their own, */
  heartbeatClient: ServerClient;
  /** and so has the call that waits for signals: it would keep others from a connection. With SIGNAL_TIMEOUT_MS. */
  signalClient: ServerClient;
  leaseMs: number;
}

/** The ports of a manager whose machine has no database. */
export function remoteManagerPorts(options: RemoteManagerOptions): ManagerPorts {
  const { client, heartbeatClient, signalClient, leaseMs } = options;
  return {
    queue: new RemoteManagerQueue(client, leaseMs),
    heartbeats: new RemoteManagerQueue(heartbeatClient, leaseMs),
    lookup: {
      findLiving: (workerIds) => client.call('findLiving', { workerIds: [...workerIds] }),
      findBatch: (sessionId) => client.call('findBatch', { sessionId }),
    },
    nodes: {
      beat: (beat, { first, deadPid }) => client.call('beatNode', { beat, options: { first, deadPid } }),
      leave: async ({ nodeId, hostname, managerPid }) =>
        void (await client.call('leaveNode', { nodeId, hostname, managerPid })),
      sweep: () => client.call('sweepNodes', {}),
    },
    sendEvent: (event) => client.call('announce', event),
    listen: (handlers) => listenThroughServer(signalClient, handlers),
    findMisfit: () => findMisfit(client),
    look: ({ sources, ...who }) => client.call('lookForWork', { sources: [...sources], ...who }),
  };
}

/** A server of another version says so, in words for people. */
async function findMisfit(client: ServerClient): Promise<string | null> {
  try {
    return await client.call('findMisfit', {});
  } catch (error) {
    if (error instanceof ServerRefusedError && error.reason === 'other_version') return error.message;
    throw error;
  }
}

class RemoteManagerQueue extends RemoteSessionQueue implements LeaseQueue {
  readonly #client: ServerClient;
  readonly #leaseMs: number;

  constructor(client: ServerClient, leaseMs: number) {
    super(client);
    this.#client = client;
    this.#leaseMs = leaseMs;
  }

  async registerWorker(worker: Parameters<LeaseQueue['registerWorker']>[0]): Promise<void> {
    const { workerId, nodeId, hostname, pid, managerPid = null, concurrency, version = null } = worker;
    const { processStartedAt = null } = worker;
    const row = { workerId, nodeId, hostname, pid, managerPid, concurrency, version, processStartedAt };
    await this.#client.call('registerWorker', { ...row, leaseMs: this.#leaseMs });
  }

  releaseWorker(...[workerId, cause, end]: Parameters<LeaseQueue['releaseWorker']>): Promise<number> {
    return this.#client.call('releaseWorker', { workerId, cause, ...end });
  }

  renewLeases(workers: Parameters<LeaseQueue['renewLeases']>[0]): ReturnType<LeaseQueue['renewLeases']> {
    return this.#client.call('renewLeases', { workers: [...workers], leaseMs: this.#leaseMs });
  }

  rescue(): Promise<number> {
    return this.#client.call('rescue', {});
  }

  tick(sources?: readonly string[]): Promise<{ ready: boolean }> {
    return this.#client.call('tick', sources ? { sources: [...sources] } : {});
  }
}
