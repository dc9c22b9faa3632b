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
  /** For how many ms from now it holds; 0 or less when it must be looked at again. */
  freshForMs: number;
}

/** Where findings are kept. */
export interface RobotsStore {
  find(origin: string): Promise<RobotsFinding | null>;
  save(origin: string, finding: RobotsFinding): Promise<void>;
}

interface RobotsRow extends QueryRow {
  outcome: RobotsOutcome;
  http_status: number | null;
  body: string | null;
  reason: string | null;
  failures: number;
  fresh_for_ms: number;
}

/** Shared by all workers through robots_cache; ages are measured by the database's clock. */
export class PgRobotsStore implements RobotsStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async find(origin: string): Promise<RobotsFinding | null> {
    const [row] = await this.#db.query<RobotsRow>(
      `select outcome, http_status, body, reason, failures,
         (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as fresh_for_ms
       from robots_cache where origin = $1`,
      [origin],
    );
    if (row === undefined) return null;
    const { outcome, body, reason, failures } = row;
    return { outcome, httpStatus: row.http_status, body, reason, failures, freshForMs: row.fresh_for_ms };
  }

  async save(origin: string, finding: RobotsFinding): Promise<void> {
    await this.#db.query(
      `insert into robots_cache (origin, outcome, http_status, body, reason, failures, fetched_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp() + $7 * interval '1 ms')
       on conflict (origin) do update set
         outcome = excluded.outcome, http_status = excluded.http_status, body = excluded.body, reason = excluded.reason,
         failures = excluded.failures, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`,
      [
        origin,
        finding.outcome,
        finding.httpStatus,
        finding.body,
        finding.reason,
        finding.failures,
        Math.round(finding.freshForMs),
      ],
    );
  }
}

/** For this process alone. */
export class LocalRobotsStore implements RobotsStore {
  readonly #findings = new Map<string, { finding: RobotsFinding; until: number }>();

  async find(origin: string): Promise<RobotsFinding | null> {
    const kept = this.#findings.get(origin);
    return kept ? { ...kept.finding, freshForMs: kept.until - performance.now() } : null;
  }

  async save(origin: string, finding: RobotsFinding): Promise<void> {
    this.#findings.set(origin, { finding, until: performance.now() + finding.freshForMs });
  }
}
