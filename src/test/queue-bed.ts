import { createDb, type Db } from '#lib/db/create-db.ts';
import type { AttemptOutcome, SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { type Claim, type ClaimedSession, JobQueue, type NewSession } from '#workers/queue/job-queue.ts';
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
  queue: JobQueue;
  /** A queue in another process, as far as PostgreSQL can tell: a pool and a claim cursor of its own. */
  otherQueue(): JobQueue;
  register(workerId: string, queue?: JobQueue): Promise<void>;
  /** Enqueues one session and claims it. */
  start(session?: Partial<NewSession>, workerId?: string): Promise<ClaimedSession>;
  /** Brings a new session to a status; the claim is the last one that it had. */
  bring(status: SessionStatus): Promise<Claim>;
  /** Claims from the front of the queue, unless another queue is given. */
  claim(workerId?: string, limit?: number, queue?: JobQueue): Promise<ClaimedSession[]>;
  row(id: number): Promise<SessionRow>;
  attempts(id: number): Promise<AttemptRow[]>;
  /** Lets the lease of a worker have passed. */
  lapse(workerId: string): Promise<void>;
  /** Lets every wait be over. */
  wakeAll(): Promise<void>;
  /** Removes all sessions and attempts. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}

export const TEST_ERROR = { code: 'network', message: 'The site did not answer.' };

export async function createQueueBed(): Promise<QueueBed> {
  const database = await createTestDatabase();
  const others: Db[] = [];
  const queue = new JobQueue({ db: database.db });
  const bed: QueueBed = {
    db: database.db,
    url: database.url,
    queue,
    otherQueue() {
      const db = createDb({ connectionString: database.url, applicationName: 'eko-test-other', max: 2 });
      others.push(db);
      return new JobQueue({ db });
    },
    async register(workerId, by = queue) {
      await by.registerWorker({ workerId, nodeId: 'node', hostname: 'host', pid: 1, concurrency: 4 });
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
         where status = 'pending' and wake_at is not null`,
      );
      await queue.tick();
    },
    async clear() {
      await database.db.query('truncate scraping_sessions, scraper_metrics, session_batches');
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
function freshQueue(database: TestDatabase): JobQueue {
  return new JobQueue({ db: database.db });
}

async function readSession(database: TestDatabase, id: number): Promise<SessionRow> {
  const [row] = await database.db.query(
    `select id, status, claim_number as "claimNumber", retry_count as "retryCount", crash_count as "crashCount",
       leads_found as "leadsFound", cancel_requested as "cancelRequested", worker_id as "workerId",
       (extract(epoch from wake_at - clock_timestamp()) * 1000)::float8 as "wakeInMs", status_reason as "statusReason",
       error->>'code' as "errorCode", cursor
     from scraping_sessions where id = $1`,
    [id],
  );
  if (!row) throw new Error(`There is no session ${id}.`);
  return row as unknown as SessionRow;
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
