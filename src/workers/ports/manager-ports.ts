import type { Db } from '#lib/db/create-db.ts';
import { checkSchema, misfitInWords } from '#lib/db/schema-version.ts';
import { type SendEvent, sendThroughPg } from '../events.ts';
import { type NodeStore, PgNodeStore } from '../nodes/node-store.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { lookForWork, type WorkLook, type WorkOutlook } from '../queue/look-for-work.ts';
import { type ListenToQueue, listenToQueue } from '../queue/queue-listener.ts';
import { type LeftoverLookup, PgLeftoverLookup } from '../spool/leftover-lookup.ts';
import type { LeaseQueue, SessionQueue } from './session-queue.ts';
import { WorkerQueue } from './worker-queue.ts';

/** What one process can do for any number of managers. */
export interface LeasePorts {
  queue: SessionQueue & LeaseQueue;
  lookup: LeftoverLookup;
  nodes: NodeStore;
  /** Says in words why this program may not work; null when it may. */
  findMisfit(): Promise<string | null>;
  look(work: WorkLook): Promise<WorkOutlook>;
}

/** Everything that a manager shares with the other machines. */
export interface ManagerPorts extends LeasePorts {
  /** On a connection that nothing else uses, so that no other work of the manager can make heartbeats late. */
  heartbeats: Pick<LeaseQueue, 'renewLeases'>;
  sendEvent: SendEvent;
  listen: ListenToQueue;
}

export interface PgManagerOptions {
  db: Db;
  /** A pool of one connection. */
  heartbeatDb: Db;
  /** For the LISTEN connection: direct, not through a transaction-mode pooler. */
  listenUrl: string;
  leaseMs: number;
}

/** The ports of a manager that has the database. */
export function pgManagerPorts({ db, heartbeatDb, listenUrl, leaseMs }: PgManagerOptions): ManagerPorts {
  return {
    ...pgLeasePorts(db, leaseMs),
    heartbeats: new JobQueue({ db: heartbeatDb, leaseMs }),
    sendEvent: sendThroughPg(db),
    listen: (handlers) => listenToQueue({ connectionString: listenUrl, ...handlers }),
  };
}

export function pgLeasePorts(db: Db, leaseMs: number): LeasePorts {
  return {
    queue: new WorkerQueue({ db, leaseMs }),
    lookup: new PgLeftoverLookup(db),
    nodes: new PgNodeStore(db),
    findMisfit: async () => misfitInWords(await checkSchema(db)),
    look: (work) => lookForWork(db, work),
  };
}
