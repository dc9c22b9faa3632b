import { createDb, type Db } from '#lib/db/create-db.ts';
import type { AttemptOutcome, SessionStatus } from '#lib/db/schema/vocabulary.ts';
import type { LeaseQueue } from '#workers/ports/session-queue.ts';
import { WorkerQueue } from '#workers/ports/worker-queue.ts';
import type { Claim, ClaimedSession, NewSession } from '#workers/queue/job-queue.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export interface SessionRow {
  id: number;
  status: SessionStatus;
  claimNumber: number;
  retryCount: number;
  crashCount: number;
  leadsFound: number;
  cancelRequested: boolean;
  workerId: string | null;
  wakeInMs: number | null;
  statusReason: string | null;
  errorCode: string | null;
  cursor: unknown;
  hostKey: string | null;
}

/** What a test says of a host's pace; times in seconds from now. */
export interface HostState {
  nextInS?: number;
  backoffS?: number;
  pausedS?: number;
  maxInflight?: number;
  gapMs?: number;
}

export interface AttemptRow {
  claimNumber: number;
  outcome: AttemptOutcome;
  leadsFound: number;
  workerId: string | null;
  requestsMade: number;
  errorCode: string | null;
}

/** A database with a queue on it, and the looks and nudges that its tests share. */
export interface QueueBed {
  db: Db;
  url: string;
  queue: WorkerQueue;
  /** A queue in another process, as far as PostgreSQL can tell: a pool and a claim cursor of its own. */
  otherQueue(): WorkerQueue;
  /** Its lease, and that of all who live, outlasts every test. */
  register(workerId: string, queue?: Pick<LeaseQueue, 'registerWorker'>): Promise<void>;
  /** Enqueues one session and claims it. */
  start(session?: Partial<NewSession>, workerId?: string): Promise<ClaimedSession>;
  /** Brings a new session to a status; the claim is the last one that it had. */
  bring(status: SessionStatus): Promise<Claim>;
  /** Claims from the front of the queue, unless another queue is given. */
  claim(workerId?: string, limit?: number, queue?: WorkerQueue): Promise<ClaimedSession[]>;
  row(id: number): Promise<SessionRow>;
  attempts(id: number): Promise<AttemptRow[]>;
  /** Lets the lease of a worker have passed. */
  lapse(workerId: string): Promise<void>;
  /** Lets every wait be over. */
  wakeAll(): Promise<void>;
  /** Makes a host known, as it is from now on. */
  setHost(hostKey: string, state?: HostState): Promise<void>;
  /** The locations of a host's sessions that are ready and that stand in its line, best first. */
  hostSessions(hostKey: string): Promise<{ running: string[]; ready: string[]; inLine: string[] }>;
  /** Removes all sessions, attempts and hosts; the leases of those who live are long again. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}

/** No manager renews them, and a slow machine must not end them: who wants one over lets it lapse. */
const LENGTHEN_LEASES = `
update worker_instances set lease_until = clock_timestamp() + interval '1 day' where lease_until > clock_timestamp()`;

export const TEST_ERROR = { code: 'network', message: 'The site did not answer.' };

export async function createQueueBed(): Promise<QueueBed> {
  const database = await createTestDatabase();
  const others: Db[] = [];
  const queue = new WorkerQueue({ db: database.db });
  const bed: QueueBed = {
    db: database.db,
    url: database.url,
    queue,
    otherQueue() {
      const db = createDb({ connectionString: database.url, applicationName: 'eko-test-other', max: 2 });
      others.push(db);
      return new WorkerQueue({ db });
    },
    async register(workerId, by = queue) {
      await by.registerWorker({ workerId, nodeId: 'node', hostname: 'host', pid: 1, concurrency: 4 });
      await database.db.query(LENGTHEN_LEASES);
    },
    async claim(workerId = 'worker', limit = 100, by = freshQueue(database)) {
      return await by.claim({ workerId, sources: ['permits', 'other'], limit, jobTimeoutMs: 60_000 });
    },
    async start(session = {}, workerId = 'worker') {
      const made = await queue.enqueue([{ source: 'permits', location: 'Georgia', ...session }]);
      const [one] = await bed.claim(workerId, 1);
      if (one?.id !== made.sessions[0]?.id || !one) throw new Error('Another session was claimed first.');
      return one;
    },
    async bring(status) {
      const claim = await bed.start();
      if (status === 'pending') await queue.handBack(claim, { reason: 'test' });
      if (status === 'completed') await queue.complete([claim]);
      if (status === 'failed') await queue.fail(claim, { error: TEST_ERROR });
      if (status === 'cancelled') await queue.cancelled(claim);
      return claim;
    },
    row: (id) => readSession(database, id),
    attempts: (id) => readAttempts(database, id),
    async lapse(workerId) {
      await database.db.query(
        `update worker_instances set lease_until = clock_timestamp() - interval '1 second' where worker_id = $1`,
        [workerId],
      );
    },
    async wakeAll() {
      await database.db.query(
        `update scraping_sessions set wake_at = clock_timestamp() - interval '1 second'
         where status = 'pending' and wake_at < 'infinity'`,
      );
      await queue.tick();
    },
    setHost: (hostKey, state = {}) => writeHost(database, hostKey, state),
    hostSessions: (hostKey) => readHostSessions(database, hostKey),
    async clear() {
      await database.db.query('truncate scraping_sessions, scraper_metrics, session_batches, host_pacing, host_slots');
      await database.db.query(LENGTHEN_LEASES);
    },
    async drop() {
      await Promise.all(others.map((db) => db.close()));
      await database.drop();
    },
  };
  await bed.register('worker');
  return bed;
}

/** A claim cursor at the front, on the same pool. */
function freshQueue(database: TestDatabase): WorkerQueue {
  return new WorkerQueue({ db: database.db });
}

async function readSession(database: TestDatabase, id: number): Promise<SessionRow> {
  const [row] = await database.db.query(
    `select id, status, claim_number as "claimNumber", retry_count as "retryCount", crash_count as "crashCount",
       leads_found as "leadsFound", cancel_requested as "cancelRequested", worker_id as "workerId",
       (extract(epoch from wake_at - clock_timestamp()) * 1000)::float8 as "wakeInMs", status_reason as "statusReason",
       error->>'code' as "errorCode", cursor, host_key as "hostKey"
     from scraping_sessions where id = $1`,
    [id],
  );
  if (!row) throw new Error(`There is no session ${id}.`);
  return row as unknown as SessionRow;
}

async function writeHost(database: TestDatabase, hostKey: string, state: HostState): Promise<void> {
  await database.db.query(
    `insert into host_pacing (host_key, next_at, backoff_until, paused_until, max_inflight, gap_ms)
     values ($1, clock_timestamp() + make_interval(secs => $2), clock_timestamp() + make_interval(secs => $3),
       clock_timestamp() + make_interval(secs => $4), $5, $6)
     on conflict (host_key) do update set next_at = excluded.next_at, backoff_until = excluded.backoff_until,
       paused_until = excluded.paused_until, max_inflight = excluded.max_inflight, gap_ms = excluded.gap_ms`,
    [
      hostKey,
      state.nextInS ?? -1,
      state.backoffS ?? -1,
      state.pausedS ?? -1,
      state.maxInflight ?? 1,
      state.gapMs ?? 2000,
    ],
  );
}

async function readHostSessions(database: TestDatabase, hostKey: string) {
  const rows = await database.db.query<{ location: string; place: 'running' | 'ready' | 'inLine' | 'asleep' }>(
    `select location, case when status = 'running' then 'running' when wake_at is null then 'ready'
       when wake_at = 'infinity' then 'inLine' else 'asleep' end as place
     from scraping_sessions where host_key = $1 and status in ('pending', 'running') order by priority desc, id`,
    [hostKey],
  );
  const at = (place: string) => rows.filter((row) => row.place === place).map((row) => row.location);
  return { running: at('running'), ready: at('ready'), inLine: at('inLine') };
}

async function readAttempts(database: TestDatabase, id: number): Promise<AttemptRow[]> {
  const rows = await database.db.query(
    `select claim_number as "claimNumber", outcome, leads_found as "leadsFound", worker_id as "workerId",
       requests_made as "requestsMade", error->>'code' as "errorCode"
     from scraper_metrics where session_id = $1 order by claim_number`,
    [id],
  );
  return rows as unknown as AttemptRow[];
}
