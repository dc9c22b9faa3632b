import type { Db } from '#lib/db/create-db.ts';
import { type SendEvent, sendThroughPg } from '../events.ts';
import { PgRobotsStore, type RobotsStore } from '../fetch/robots-store.ts';
import { PgSlotStore, type SlotStore } from '../fetch/slot-store.ts';
import { PgSessionJournal, type SessionJournal } from '../logs/session-journal.ts';
import { PgSnapshotRows, type SnapshotRows } from '../pages/snapshot-store.ts';
import { PgValidatorStore, type ValidatorStore } from '../pages/validator-store.ts';
import { PgPortalStore, type PortalStore } from '../portal-store.ts';
import { CHECK_INTERVAL_MS } from '../proxy/proxy-pool.ts';
import { PgProxyStore, type ProxyStore } from '../proxy/proxy-store.ts';
import type { SessionQueue } from './session-queue.ts';
import { WorkerQueue } from './worker-queue.ts';

/** Everything that a worker shares with all others. It knows nothing of the world but through these. */
export interface WorkerPorts {
  queue: SessionQueue;
  slots: SlotStore;
  robots: RobotsStore;
  validators: ValidatorStore;
  snapshots: SnapshotRows;
  proxies: ProxyStore;
  portals: PortalStore;
  journal: SessionJournal;
  sendEvent: SendEvent;
  close(): Promise<void>;
}

/** The ports of a worker that has the database. */
export function pgWorkerPorts(db: Db, leaseMs: number): WorkerPorts {
  return {
    queue: new WorkerQueue({ db, leaseMs }),
    slots: new PgSlotStore(db),
    robots: new PgRobotsStore(db),
    validators: new PgValidatorStore(db),
    snapshots: new PgSnapshotRows(db),
    proxies: new PgProxyStore({ db, checkIntervalMs: CHECK_INTERVAL_MS }),
    portals: new PgPortalStore(db),
    journal: new PgSessionJournal(db),
    sendEvent: sendThroughPg(db),
    close: () => db.close(),
  };
}
