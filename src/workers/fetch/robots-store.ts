import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { RobotsOutcome } from '#lib/db/schema/vocabulary.ts';

/** What the last look at an origin's /robots.txt found. */
export interface RobotsFinding {
  outcome: RobotsOutcome;
  httpStatus: number | null;
  /** The file; null unless the outcome is `rules`. */
  body: string | null;
  reason: string | null;
  /** Looks in a row that found it unreachable. */
  failures: number;
  /** Of our group; null for none. */
  crawlDelayMs: number | null;
  /** Whole addresses, at most 100. */
  sitemaps: readonly string[];
  /** For how many ms from now it holds; 0 or less when it must be looked at again. */
  freshForMs: number;
}

export type StoredRobots = RobotsFinding & {
  /** For how many ms from now somebody is looking at it; 0 when nobody is. */
  lookingForMs: number;
};

/** Where findings are kept. */
export interface RobotsStore {
  find(origin: string): Promise<StoredRobots | null>;
  /** Keeps what a look found, and ends the look. */
  save(origin: string, finding: RobotsFinding): Promise<void>;
  /**
   * Asks to be the one that looks, for all that share the store. True for one caller at a time: the others wait for what it
   * finds, at most `ttlMs`. False too while a finding holds. Until the first look is over, `find` gives a stale `unreachable`.
   */
  claimLook(origin: string, ttlMs: number): Promise<boolean>;
  /** Gives a look up that found nothing, so that another may look at once. */
  endLook(origin: string): Promise<void>;
}

interface RobotsRow extends QueryRow {
  outcome: RobotsOutcome;
  http_status: number | null;
  body: string | null;
  reason: string | null;
  failures: number;
  crawl_delay_ms: number | null;
  sitemaps: string[];
  fresh_for_ms: number;
  looking_for_ms: number;
}

const NOT_READ = 'not read yet';
/** The column is an integer, and a delay is anything up to a robots.txt's fancy: some 24 days. */
const DELAY_MAX_MS = 2_147_483_647;

/** Shared by all workers through robots_cache; ages are measured by the database's clock. */
export class PgRobotsStore implements RobotsStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async find(origin: string): Promise<StoredRobots | null> {
    const [row] = await this.#db.query<RobotsRow>(
      `select outcome, http_status, body, reason, failures, crawl_delay_ms, sitemaps,
         (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as fresh_for_ms,
         greatest(extract(epoch from looking_until - clock_timestamp()) * 1000, 0)::float8 as looking_for_ms
       from robots_cache where origin = $1`,
      [origin],
    );
    if (row === undefined) return null;
    const { outcome, body, reason, failures, sitemaps } = row;
    return {
      outcome,
      httpStatus: row.http_status,
      body,
      reason,
      failures,
      crawlDelayMs: row.crawl_delay_ms,
      sitemaps,
      freshForMs: row.fresh_for_ms,
      lookingForMs: row.looking_for_ms,
    };
  }

  async save(origin: string, finding: RobotsFinding): Promise<void> {
    const { outcome, httpStatus, body, reason, failures, crawlDelayMs, sitemaps, freshForMs } = finding;
    await this.#db.query(
      `insert into robots_cache (origin, outcome, http_status, body, reason, failures, crawl_delay_ms, sitemaps, fetched_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), clock_timestamp() + $9 * interval '1 ms')
       on conflict (origin) do update set
         outcome = excluded.outcome, http_status = excluded.http_status, body = excluded.body, reason = excluded.reason,
         failures = excluded.failures, crawl_delay_ms = excluded.crawl_delay_ms, sitemaps = excluded.sitemaps,
         fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, looking_until = null`,
      [
        origin,
        outcome,
        httpStatus,
        body,
        reason,
        failures,
        crawlDelayMs === null ? null : Math.min(Math.round(crawlDelayMs), DELAY_MAX_MS),
        JSON.stringify(sitemaps),
        Math.round(freshForMs),
      ],
    );
  }

  async claimLook(origin: string, ttlMs: number): Promise<boolean> {
    // The row's lock lets one of several callers through; the others then see looking_until in the future.
    const claimed = await this.#db.query(
      `insert into robots_cache (origin, outcome, reason, fetched_at, expires_at, looking_until)
       values ($1, 'unreachable', '${NOT_READ}', clock_timestamp(), clock_timestamp(), clock_timestamp() + $2 * interval '1 ms')
       on conflict (origin) do update set looking_until = clock_timestamp() + $2 * interval '1 ms'
       where robots_cache.expires_at <= clock_timestamp()
         and coalesce(robots_cache.looking_until <= clock_timestamp(), true)
       returning origin`,
      [origin, Math.round(ttlMs)],
    );
    return claimed.length > 0;
  }

  async endLook(origin: string): Promise<void> {
    await this.#db.query('update robots_cache set looking_until = null where origin = $1', [origin]);
  }
}

interface LocalRobots {
  finding: RobotsFinding;
  until: number;
  lookingUntil: number;
}

/** For this process alone. */
export class LocalRobotsStore implements RobotsStore {
  readonly #kept = new Map<string, LocalRobots>();

  async find(origin: string): Promise<StoredRobots | null> {
    const kept = this.#kept.get(origin);
    if (kept === undefined) return null;
    const now = performance.now();
    return { ...kept.finding, freshForMs: kept.until - now, lookingForMs: Math.max(0, kept.lookingUntil - now) };
  }

  async save(origin: string, finding: RobotsFinding): Promise<void> {
    this.#kept.set(origin, { finding, until: performance.now() + finding.freshForMs, lookingUntil: 0 });
  }

  async claimLook(origin: string, ttlMs: number): Promise<boolean> {
    const now = performance.now();
    const kept = this.#kept.get(origin) ?? { finding: NOTHING_FOUND, until: now, lookingUntil: 0 };
    if (kept.until > now || kept.lookingUntil > now) return false;
    this.#kept.set(origin, { ...kept, lookingUntil: now + ttlMs });
    return true;
  }

  async endLook(origin: string): Promise<void> {
    const kept = this.#kept.get(origin);
    if (kept !== undefined) this.#kept.set(origin, { ...kept, lookingUntil: 0 });
  }
}

const NOTHING_FOUND: RobotsFinding = {
  outcome: 'unreachable',
  httpStatus: null,
  body: null,
  reason: NOT_READ,
  failures: 0,
  crawlDelayMs: null,
  sitemaps: [],
  freshForMs: 0,
};
