import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { HostNotReadyError } from '#lib/errors.ts';
import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import {
  type HostPacer,
  type HostSlot,
  SLOT_GRACE_MS,
  type SlotRequest,
  type SlotResult,
  WAIT_MAX_MS,
} from './host-pacer.ts';
import { Turnstile } from './turnstile.ts';

interface ReservedRow extends QueryRow {
  slot_id: number | null;
  wait_ms: number;
  reason: string | null;
}

export interface PgHostPacerOptions {
  db: Executor;
  waitMaxMs?: number;
  /** Told when a slot could not be given back; it expires by itself. */
  onReleaseFailed?: (error: unknown) => void;
}

/** Slots expire by themselves after about this time. */
const GIVE_BACK_MAX_MS = 120_000;

/**
 * Paces hosts through reserve_host_slot() and its siblings, so the gap holds over all workers and machines that share the
 * database. Within this process only as many requests per host as may be under way are in the database's line; the others wait
 * here in order.
 */
export class PgHostPacer implements HostPacer {
  readonly #db: Executor;
  readonly #waitMaxMs: number;
  readonly #onReleaseFailed: (error: unknown) => void;
  readonly #turnstile = new Turnstile();

  constructor(options: PgHostPacerOptions) {
    this.#db = options.db;
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS;
    this.#onReleaseFailed = options.onReleaseFailed ?? (() => {});
  }

  async reserve(request: SlotRequest, signal: AbortSignal): Promise<HostSlot> {
    const deadline = performance.now() + this.#waitMaxMs;
    const leave = await this.#turnstile.enter(request.hostKey, request.maxInflight, this.#waitMaxMs, signal);
    if (leave === null) throw this.#notReady(request, promisedGapMs(request), 'many requests are waiting for it');
    try {
      for (;;) {
        const slot = await this.#tryReserve(request, deadline, signal, leave);
        if (slot !== null) return slot;
      }
    } catch (error) {
      leave();
      throw error;
    }
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

  /** One question to the database; null when it is to be asked again. */
  async #tryReserve(
    request: SlotRequest,
    deadline: number,
    signal: AbortSignal,
    leave: () => void,
  ): Promise<HostSlot | null> {
    const askedAt = performance.now();
    const row = await this.#ask(request, Math.max(0, deadline - askedAt));
    const now = performance.now();
    if (row.slot_id === null) {
      if (row.reason !== 'in-flight' || now + row.wait_ms > deadline) {
        throw this.#notReady(request, row.wait_ms, row.reason ?? 'pacing');
      }
      await sleepUnlessAborted(row.wait_ms, signal);
      return null;
    }
    const slot = this.#slot(request.hostKey, row.slot_id, leave);
    try {
      await sleepUnlessAborted(row.wait_ms, signal);
    } catch (error) {
      await slot.release({ kind: 'neutral' });
      throw error;
    }
    // A process that was stopped meanwhile may wake up when the slot is no longer its own: such a slot is not used.
    if (performance.now() - askedAt < row.wait_ms + SLOT_GRACE_MS / 2) return slot;
    await this.#giveBack(request.hostKey, row.slot_id, null, { kind: 'neutral' });
    return null;
  }

  async #ask(request: SlotRequest, waitMaxMs: number): Promise<ReservedRow> {
    const [row] = await this.#db.query<ReservedRow>(
      'select slot_id, wait_ms, reason from reserve_host_slot($1, $2, $3, $4, $5, $6, $7, $8)',
      [
        request.hostKey,
        request.workerId,
        request.sessionId,
        Math.ceil(request.floorMs),
        Math.ceil(request.robotsMs),
        request.maxInflight,
        Math.ceil(waitMaxMs),
        Math.ceil(request.timeoutMs + SLOT_GRACE_MS),
      ],
    );
    if (row === undefined) throw new Error('reserve_host_slot() gave no row');
    return row;
  }

  #slot(hostKey: string, slotId: number, leave: () => void): HostSlot {
    let answeredAt: number | null = null;
    let released = false;
    return {
      noteAnswer: () => {
        answeredAt ??= performance.now();
      },
      release: async (result) => {
        if (released) return;
        released = true;
        await this.#giveBack(hostKey, slotId, answeredAt, result);
        leave();
      },
    };
  }

  /**
   * Never throws. While the database is away it is tried again in the background: a slot that nobody gives back holds its host up
   * until it expires, which is long after the database has come back.
   */
  async #giveBack(hostKey: string, slotId: number, answeredAt: number | null, result: SlotResult): Promise<void> {
    const error = 'error' in result ? result.error : null;
    const give = () =>
      this.#db.query('select release_host_slot($1, $2, $3, $4, $5)', [
        hostKey,
        slotId,
        answeredAt === null ? 0 : performance.now() - answeredAt,
        result.kind,
        error,
      ]);
    try {
      await give();
    } catch (error) {
      this.#onReleaseFailed(error);
      if (isDatabaseOutage(error)) void this.#giveBackLater(give);
    }
  }

  async #giveBackLater(give: () => Promise<unknown>): Promise<void> {
    const untilMs = performance.now() + GIVE_BACK_MAX_MS;
    try {
      await withDatabaseRetry(give, { mayContinue: () => performance.now() < untilMs, capMs: 1_000 });
    } catch (error) {
      this.#onReleaseFailed(error);
    }
  }

  /** The session asks again when all that wait here before it have had their turn. */
  #notReady(request: SlotRequest, waitMs: number, reason: string): HostNotReadyError {
    const inLine = this.#turnstile.lengthOf(request.hostKey);
    const retryMs = Math.max(1000, Math.round(waitMs + Math.min(60_000, inLine * promisedGapMs(request))));
    return new HostNotReadyError(
      `"${request.hostKey}" may not be asked for another ${retryMs} ms: ${reason}`,
      retryMs,
      {
        context: { hostKey: request.hostKey, reason },
      },
    );
  }
}

const promisedGapMs = ({ floorMs, robotsMs }: SlotRequest) => Math.max(floorMs, robotsMs);
