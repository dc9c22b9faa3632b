import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/** A worker whose lease still runs. */
export interface LivingWorker {
  workerId: string;
  hostname: string;
  pid: number;
}

/** What has to be known of files that workers left behind. */
export interface LeftoverLookup {
  /** Which of these workers have a lease that still runs. */
  findLiving(workerIds: readonly string[]): Promise<LivingWorker[]>;
  /** The batch of a session; null when there is no such session. */
  findBatch(sessionId: number): Promise<string | null>;
}

const FIND_LIVING = `
select worker_id as "workerId", hostname, pid from worker_instances
where worker_id = any($1::text[]) and lease_until > clock_timestamp()`;

const FIND_BATCH = 'select batch_id as "batchId" from scraping_sessions where id = $1';

export class PgLeftoverLookup implements LeftoverLookup {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  findLiving(workerIds: readonly string[]): Promise<LivingWorker[]> {
    return this.#db.query<LivingWorker & QueryRow>(FIND_LIVING, [workerIds]);
  }

  async findBatch(sessionId: number): Promise<string | null> {
    const [row] = await this.#db.query<{ batchId: string }>(FIND_BATCH, [sessionId]);
    return row?.batchId ?? null;
  }
}
