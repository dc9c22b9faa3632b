import type { Db, Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ProxySample } from '#lib/db/schema/proxy-pool.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { applyProxyEvent, type ProxyEvent, type ProxyHealth } from './proxy-health.ts';

/** A row of proxy_pool as far as its health is concerned; times in seconds since 1970. */
interface HealthRow extends QueryRow {
  id: number;
  status: ProxyStatus;
  samples: ProxySample[];
  fault_streak: number;
  good_checks: number;
  cooling_cycles: number;
  success_count: number;
  failure_count: number;
  success_rate: number | null;
  avg_response_time_ms: number | null;
  last_checked_at: number | null;
  last_used_at: number | null;
  cooling_until: number | null;
  next_check_at: number;
  last_error: string | null;
}

const seconds = (column: string) => `extract(epoch from ${column})::float8 as ${column}`;

const COLUMNS = `id, status, samples, fault_streak, good_checks, cooling_cycles, success_count, failure_count, success_rate,
  avg_response_time_ms, ${['last_checked_at', 'last_used_at', 'cooling_until', 'next_check_at'].map(seconds).join(', ')},
  last_error`;

/** What an event did to one proxy. */
export interface HealthChange {
  id: number;
  before: ProxyStatus;
  after: ProxyStatus;
}

/** What our echo endpoint learned in a check. */
export interface CheckSight {
  exitAddress: string;
  headerLeaks: string[];
}

export interface HealthStoreOptions {
  db: Db;
  /** Between two checks of an active proxy. */
  checkIntervalMs: number;
  /** From 0 to 1. */
  random?: () => number;
}

/** Applies the state machine of proxy-health.ts to rows that all workers share. Safe with any number of them at once. */
export class HealthStore {
  readonly #db: Db;
  readonly #checkIntervalSeconds: number;
  readonly #random: () => number;

  constructor(options: HealthStoreOptions) {
    this.#db = options.db;
    this.#checkIntervalSeconds = options.checkIntervalMs / 1000;
    this.#random = options.random ?? Math.random;
  }

  /**
   * Applies the events of each proxy, in their order, to its row as it is now; one transaction. Rows are locked in the order of
   * their ids, so two workers that report on the same proxies wait for, and never block, each other. Proxies that are gone are
   * left out of the answer.
   */
  async apply(events: ReadonlyMap<number, readonly ProxyEvent[]>): Promise<HealthChange[]> {
    if (events.size === 0) return [];
    return this.#db.transaction(async (tx) => {
      const rows = await tx.query<HealthRow>(
        `select ${COLUMNS} from proxy_pool where id = any($1) order by id for no key update`,
        [[...events.keys()]],
      );
      return this.#advance(tx, rows, (id) => events.get(id) ?? []);
    });
  }

  /** Notes what a check saw, beside its event. */
  async applyCheck(id: number, event: ProxyEvent, sight: CheckSight | null): Promise<HealthChange[]> {
    const changes = await this.apply(new Map([[id, [event]]]));
    if (sight !== null) {
      await this.#db.query('update proxy_pool set exit_address = $2, header_leaks = $3::jsonb where id = $1', [
        id,
        sight.exitAddress,
        JSON.stringify(sight.headerLeaks),
      ]);
    }
    return changes;
  }

  /**
   * Takes up to `limit` checks that are due; each goes to one caller, for its next one is moved in the same transaction.
   * @param except proxies that the caller cannot check.
   * @param passwordsToo whether the caller can read passwords.
   */
  async claimChecks(limit: number, except: readonly number[], passwordsToo: boolean): Promise<HealthChange[]> {
    return this.#db.transaction(async (tx) => {
      const rows = await tx.query<HealthRow>(
        `select ${COLUMNS} from proxy_pool
         where status <> 'disabled' and proxy_pool.next_check_at <= clock_timestamp() and id <> all($2)
           and (password_encrypted is null or $3)
         order by proxy_pool.next_check_at limit $1 for no key update skip locked`,
        [limit, except, passwordsToo],
      );
      return this.#advance(tx, rows, () => [{ kind: 'check-started' }]);
    });
  }

  /** In how many ms the next check is due, at least 0; null while there is nothing to check. One cheap statement. */
  async nextCheckInMs(): Promise<number | null> {
    const [row] = await this.#db.query<{ in_ms: number | null }>(
      `select extract(epoch from min(next_check_at) - clock_timestamp())::float8 * 1000 as in_ms
       from proxy_pool where status <> 'disabled'`,
    );
    return row === undefined || row.in_ms === null ? null : Math.max(0, row.in_ms);
  }

  async #advance(
    tx: Executor,
    rows: readonly HealthRow[],
    eventsOf: (id: number) => readonly ProxyEvent[],
  ): Promise<HealthChange[]> {
    if (rows.length === 0) return [];
    const [clock] = await tx.query<{ now: number }>('select extract(epoch from clock_timestamp())::float8 as now');
    const context = {
      nowSeconds: clock?.now ?? 0,
      checkIntervalSeconds: this.#checkIntervalSeconds,
      random: this.#random,
    };
    const next = rows.map((row) => ({
      id: row.id,
      health: eventsOf(row.id).reduce((health, event) => applyProxyEvent(health, event, context), toHealth(row)),
    }));
    await tx.query(UPDATE, [JSON.stringify(next.map(({ id, health }) => toRow(id, health)))]);
    return next.map(({ id, health }, index) => ({
      id,
      before: rows[index]?.status ?? health.status,
      after: health.status,
    }));
  }
}

const UPDATE = `update proxy_pool set
    status = n.status, samples = n.samples, fault_streak = n.fault_streak, good_checks = n.good_checks,
    cooling_cycles = n.cooling_cycles, success_count = n.success_count, failure_count = n.failure_count,
    success_rate = n.success_rate, avg_response_time_ms = n.avg_response_time_ms,
    last_checked_at = to_timestamp(n.last_checked_at), last_used_at = to_timestamp(n.last_used_at),
    cooling_until = to_timestamp(n.cooling_until), next_check_at = to_timestamp(n.next_check_at), last_error = n.last_error
  from jsonb_to_recordset($1::jsonb) as n (
    id bigint, status text, samples jsonb, fault_streak smallint, good_checks smallint, cooling_cycles smallint,
    success_count integer, failure_count integer, success_rate real, avg_response_time_ms integer, last_checked_at float8,
    last_used_at float8, cooling_until float8, next_check_at float8, last_error text)
  where proxy_pool.id = n.id`;

function toHealth(row: HealthRow): ProxyHealth {
  return {
    status: row.status,
    samples: row.samples,
    faultStreak: row.fault_streak,
    goodChecks: row.good_checks,
    coolingCycles: row.cooling_cycles,
    successCount: row.success_count,
    failureCount: row.failure_count,
    successRate: row.success_rate,
    avgResponseTimeMs: row.avg_response_time_ms,
    lastCheckedAt: row.last_checked_at,
    lastUsedAt: row.last_used_at,
    coolingUntil: row.cooling_until,
    nextCheckAt: row.next_check_at,
    lastError: row.last_error,
  };
}

function toRow(id: number, health: ProxyHealth): HealthRow {
  return {
    id,
    status: health.status,
    samples: [...health.samples],
    fault_streak: health.faultStreak,
    good_checks: health.goodChecks,
    cooling_cycles: health.coolingCycles,
    success_count: health.successCount,
    failure_count: health.failureCount,
    success_rate: health.successRate,
    avg_response_time_ms: health.avgResponseTimeMs,
    last_checked_at: health.lastCheckedAt,
    last_used_at: health.lastUsedAt,
    cooling_until: health.coolingUntil,
    next_check_at: health.nextCheckAt,
    last_error: health.lastError,
  };
}
