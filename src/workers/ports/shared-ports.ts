import type { Db } from '#lib/db/create-db.ts';
import { type LeasePorts, pgLeasePorts } from './manager-ports.ts';
import { pgWorkerPorts, type WorkerPorts } from './worker-ports.ts';

/** What one process does for the workers and managers of others. */
export type SharedPorts = Omit<WorkerPorts, 'queue' | 'sendEvent' | 'close'> & LeasePorts;

export function pgSharedPorts(db: Db, leaseMs: number): SharedPorts {
  return { ...pgWorkerPorts(db, leaseMs), ...pgLeasePorts(db, leaseMs) };
}
