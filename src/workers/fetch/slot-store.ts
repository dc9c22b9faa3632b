import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SlotRequest, SlotResult } from './host-pacer.ts';

/** What is asked for one request to a host; times in whole ms. */
export interface SlotWish extends Omit<SlotRequest, 'timeoutMs'> {
  /** A slot further away than this is not reserved. */
  waitMaxMs: number;
  /** How long it is kept when nobody gives it back. */
  keptMs: number;
  /** When the answer to an earlier reservation was lost: those that the worker has at this host. Others of it are given back first. */
  knownSlotIds: readonly number[] | null;
}

/** A slot that may be used in `waitMs`; without an id there is none, for this `reason`, and asking again makes sense then. */
export interface ReservedSlot {
  slotId: number | null;
  waitMs: number;
  reason: string | null;
}

export interface SlotReturn {
  hostKey: string;
  slotId: number;
  /** Since the answer's headers; 0 when none came. */
  answeredMsAgo: number;
  kind: SlotResult['kind'];
  error: string | null;
}

/** The slots of hosts, shared by all that ask them. Each call may be repeated; of a reservation whose answer was lost, the next one tells (`knownSlotIds`). */
export interface SlotStore {
  reserve(wish: SlotWish): Promise<ReservedSlot>;
  release(slot: SlotReturn): Promise<void>;
  /** Gives the ms for which the host is left alone. */
  reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number>;
  pause(hostKey: string, pauseMs: number, reason: string): Promise<void>;
}

interface ReservedRow extends QueryRow {
  slot_id: number | null;
  wait_ms: number;
  reason: string | null;
}

const RELEASE_UNKNOWN = `
select release_host_slot(host_key, id, 0, 'neutral', null) from host_slots
where host_key = $1 and worker_id = $2 and id <> all($3::bigint[])`;

/** Through reserve_host_slot() and its siblings in PostgreSQL. */
export class PgSlotStore implements SlotStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async reserve(wish: SlotWish): Promise<ReservedSlot> {
    const { hostKey, workerId, sessionId, floorMs, robotsMs, maxInflight, waitMaxMs, keptMs, knownSlotIds } = wish;
    if (knownSlotIds !== null) await this.#db.query(RELEASE_UNKNOWN, [hostKey, workerId, knownSlotIds]);
    const [row] = await this.#db.query<ReservedRow>(
      'select slot_id, wait_ms, reason from reserve_host_slot($1, $2, $3, $4, $5, $6, $7, $8)',
      [hostKey, workerId, sessionId, floorMs, robotsMs, maxInflight, waitMaxMs, keptMs],
    );
    if (row === undefined) throw new Error('reserve_host_slot() gave no row');
    return { slotId: row.slot_id, waitMs: row.wait_ms, reason: row.reason };
  }

  async release({ hostKey, slotId, answeredMsAgo, kind, error }: SlotReturn): Promise<void> {
    const values = [hostKey, slotId, answeredMsAgo, kind, error];
    await this.#db.query('select release_host_slot($1, $2, $3, $4, $5)', values);
  }

  async reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number> {
    const [row] = await this.#db.query<{ wait_ms: number }>('select report_host_backoff($1, $2) as wait_ms', [
      hostKey,
      retryAfterMs,
    ]);
    return row?.wait_ms ?? 0;
  }

  async pause(hostKey: string, pauseMs: number, reason: string): Promise<void> {
    await this.#db.query('select pause_host($1, $2, $3)', [hostKey, pauseMs, reason]);
  }
}
