import { createDb, type Db, type QueryRow } from '#lib/db/create-db.ts';
import type { NumberedSite } from '#test/numbered-site.ts';
import { waitFor } from '#test/wait-for.ts';
import { withDatabaseRetry } from '#workers/database-retry.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { ChaosManager, type ChaosManagerOptions } from './chaos-manager.ts';
import type { ChaosScript, Poison } from './chaos-scrapers.ts';
import { compareHistory, readHistory, type StoredSession } from './history.ts';
import { findViolations } from './invariants.ts';
import { countCharged } from './unharmed.ts';

export interface ArenaOptions {
  sites: readonly NumberedSite[];
  databaseUrl: string;
  historyFile: string;
}

export interface StartOptions extends Partial<ChaosManagerOptions> {
  /** Heartbeat and lease in seconds; 1 and 6 unless given, so that a check takes seconds. The product's are 5 and 30. */
  heartbeatS?: number;
  leaseS?: number;
}

export interface PagesOptions {
  pages?: number;
  /** Time of a page that comes from no site. */
  stepMs?: number;
  /** Whether pages are fetched from the sites of the run; from thin air unless given. */
  fetched?: boolean;
  priority?: number;
}

/** What a worker holds, as the database sees it. */
export interface RunningWorker extends QueryRow {
  workerId: string;
  pid: number;
  managerPid: number;
  sessions: number[];
}

/** One check's database with its managers. */
export class ChaosArena {
  readonly #options: ArenaOptions;
  readonly db: Db;
  readonly queue: JobQueue;
  readonly managers: ChaosManager[] = [];
  #made = 0;
  #launched = 0;
  #hasPoison = false;

  constructor(options: ArenaOptions) {
    this.#options = options;
    this.db = createDb({ connectionString: options.databaseUrl, applicationName: 'chaos-runner', max: 6 });
    this.queue = new JobQueue({ db: this.db });
  }

  get databaseUrl(): string {
    return this.#options.databaseUrl;
  }

  get historyFile(): string {
    return this.#options.historyFile;
  }

  /** Starts a manager and waits until its workers may claim. */
  async startManager(options: StartOptions = {}): Promise<ChaosManager> {
    const manager = await this.launchManager(options);
    const expected = options.workers ?? 2;
    // Their pids are read from its log: what is checked of processes would be empty without them.
    const isUp = async () =>
      manager.workerPids.length >= expected && (await this.livingWorkerCount(manager.pid)) >= expected;
    await waitFor(isUp, {
      timeoutMs: 60_000,
      what: `${expected} workers of a new manager`,
    });
    return manager;
  }

  /** Starts a manager and waits for nothing. */
  async launchManager(options: StartOptions = {}): Promise<ChaosManager> {
    const { heartbeatS = 1, leaseS = 6, env, ...rest } = options;
    this.#launched += 1;
    const manager = await ChaosManager.start({
      databaseUrl: this.databaseUrl,
      workers: 2,
      ...rest,
      env: {
        HEARTBEAT_INTERVAL: String(heartbeatS),
        LOCK_TTL: String(leaseS),
        NODE_ID: `node-${this.#launched}`,
        EKO_ALLOW_ADDRESSES: this.#options.sites.map((site) => site.address).join(','),
        ...env,
      },
    });
    this.managers.push(manager);
    return manager;
  }

  /** Makes sessions that save pages; their ids. A call that fails is repeated under its key, so none is made twice. */
  async enqueuePages(count: number, options: PagesOptions = {}): Promise<number[]> {
    const { pages = 4, stepMs = 40, fetched = false, priority = 0 } = options;
    const script = (index: number): ChaosScript => ({
      do: 'pages',
      count: pages,
      stepMs,
      origin: fetched ? (this.#options.sites[index % this.#options.sites.length]?.origin ?? null) : null,
      history: this.historyFile,
    });
    return await this.#enqueue(
      Array.from({ length: count }, (_, index) => script(index)),
      priority,
    );
  }

  enqueuePoison(hows: readonly Poison[]): Promise<number[]> {
    this.#hasPoison = true;
    return this.#enqueue(
      hows.map((how) => ({ do: 'poison', how, history: this.historyFile })),
      1,
    );
  }

  enqueueWaiting(count: number): Promise<number[]> {
    return this.#enqueue(
      Array.from({ length: count }, () => ({ do: 'wait', history: this.historyFile })),
      0,
    );
  }

  /** Workers that hold sessions now, as the database says. */
  async runningWorkers(): Promise<RunningWorker[]> {
    return await this.db.query<RunningWorker>(
      `select w.worker_id as "workerId", w.pid, w.manager_pid as "managerPid", array_agg(s.id::int order by s.id) as sessions
       from scraping_sessions s join worker_instances w using (worker_id)
       where s.status = 'running' and w.lease_until > clock_timestamp() group by w.worker_id order by w.worker_id`,
    );
  }

  /** Workers that may claim, of one manager or of all. */
  async livingWorkerCount(managerPid: number | null = null): Promise<number> {
    const rows = await this.db.query(
      `select from worker_instances where status in ('idle', 'running') and lease_until > clock_timestamp()
         and ($1::int is null or manager_pid = $1)`,
      [managerPid],
    );
    return rows.length;
  }

  /** ms since 1970 by the clock of the database, which is the one that all times in its tables are of. */
  async databaseNowMs(): Promise<number> {
    const [row] = await this.db.query<{ ms: number }>(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
    );
    return row?.ms ?? 0;
  }

  async openCount(): Promise<number> {
    const [row] = await this.db.query<{ open: number }>(
      `select count(*)::int as open from scraping_sessions where status in ('pending', 'running')`,
    );
    return row?.open ?? 0;
  }

  /** Waits until every session has ended by itself, with all its waits for a further try; how long that took, in ms. */
  async untilAllEnded(timeoutMs: number): Promise<number> {
    const startedAtMs = performance.now();
    await waitFor(async () => (await this.openCount()) === 0, {
      timeoutMs,
      intervalMs: 100,
      what: 'all sessions to end',
    });
    return performance.now() - startedAtMs;
  }

  /**
   * Ends all managers in peace, then holds tables, history and processes against what must be true. No session may be charged for
   * what is done to its worker, its machine or the database; only where sessions kill their worker themselves is that another matter.
   * @param expected.scheduled how many sessions schedules have made, all of which count among the completed.
   */
  async verify(expected: { completed: number; scheduled?: number }): Promise<string[]> {
    await this.stopManagers();
    const [sums] = await this.db.query<{ completed: number; total: number }>(
      `select count(*) filter (where status = 'completed')::int as completed, count(*)::int as total from scraping_sessions`,
    );
    const failures = await findViolations(this.db);
    failures.push(...compareHistory(readHistory(this.historyFile), await this.#storedSessions()).slice(0, 5));
    if (sums?.completed !== expected.completed)
      failures.push(`${sums?.completed} sessions are completed, of ${expected.completed}: ${await this.#unhappy()}`);
    const made = this.#made + (expected.scheduled ?? 0);
    if (sums?.total !== made) failures.push(`there are ${sums?.total} sessions; ${made} were acknowledged`);
    const charged = this.#hasPoison ? 0 : await countCharged(this.db);
    if (charged > 0) failures.push(`${charged} attempts were charged for what was no fault of their session`);
    const orphans = this.managers.flatMap((manager) => manager.workerPids);
    if (orphans.length > 0) failures.push(`I8 is broken: workers ${orphans.join(', ')} outlive their managers`);
    return failures;
  }

  /** Those that still live are told to stop and get their grace. */
  async stopManagers(): Promise<void> {
    await Promise.all(
      this.managers.map(async (manager) => {
        manager.signalMachine('SIGCONT');
        manager.signal('SIGTERM');
        await manager.exited;
      }),
    );
    await waitFor(() => this.managers.every((manager) => manager.workerPids.length === 0), {
      timeoutMs: 15_000,
      what: 'no orphan to be left',
    }).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all(this.managers.map((manager) => manager.destroy()));
    await this.db.close();
  }

  async #enqueue(scripts: readonly ChaosScript[], priority: number): Promise<number[]> {
    const first = this.#made;
    // At once: another call may come before the database has answered this one.
    this.#made += scripts.length;
    const idempotencyKey = `chaos-${first}`;
    const sessions = scripts.map((script, index) => ({
      source: 'permits',
      location: `Place ${first + index}`,
      params: { ...script } as Record<string, unknown>,
      priority,
    }));
    const answer = await withDatabaseRetry(() => this.queue.enqueue(sessions, { idempotencyKey }), {
      mayContinue: () => true,
    });
    return answer.sessions.map(({ id }) => id);
  }

  async #storedSessions(): Promise<StoredSession[]> {
    return await this.db.query<StoredSession & QueryRow>(
      `select s.id, s.claim_number as "claimNumber", coalesce((s.cursor #>> '{}')::int, 0) as page,
         coalesce(array_agg(split_part(l.source_row_id, '-', 2)::int) filter (where l.id is not null), '{}') as "leadPages"
       from scraping_sessions s left join lead_sightings g on g.session_id = s.id left join leads l on l.id = g.lead_id
       group by s.id`,
    );
  }

  async #unhappy(): Promise<string> {
    const rows = await this.db.query<{ what: string }>(
      `select format('session %s %s: %s', id, status, status_reason) as what from scraping_sessions
       where status <> 'completed' order by id limit 3`,
    );
    return rows.map((row) => row.what).join('; ');
  }
}
