import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Db, QueryRow } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from './database-retry.ts';
import { isProcessAlive } from './is-process-alive.ts';
import {
  type HeartbeatAnswer,
  JobQueue,
  type JobQueueOptions,
  type WorkerBeat,
  type WorkerEndCause,
  type WorkerRegistration,
} from './queue/job-queue.ts';
import { deliverLeftovers } from './spool/deliver-leftovers.ts';
import { spoolFolderOf, workerOfFolder } from './spool/spool-file.ts';

/** Whose lease still runs; of this machine's own it can be seen whether they are there. */
const FIND_LIVING = `
select worker_id as "workerId", hostname, pid from worker_instances
where worker_id = any($1::text[]) and lease_until > clock_timestamp()`;

interface LivingRow extends QueryRow {
  workerId: string;
  hostname: string;
  pid: number;
}

export interface ManagerQueueOptions extends JobQueueOptions {
  db: Db;
  /** A pool of one connection that nothing but heartbeats uses, so that no other work of the manager can make them late. */
  heartbeatDb: Db;
  /** spool/ in the data folder of this machine. */
  spoolFolder: string;
  logger: Logger;
}

/**
 * The queue of a manager. Heartbeats have a connection of their own. Before it takes sessions away from anybody, it delivers what
 * workers of this machine have left on disk under their claims: afterwards these would be stale, and the work would be done again.
 */
export class ManagerQueue extends JobQueue {
  readonly #options: ManagerQueueOptions;
  /** Folders of this manager's own workers, which run and deliver for themselves. */
  readonly #alive = new Set<string>();
  readonly #heartbeats: JobQueue;
  #wasAway = false;

  constructor(options: ManagerQueueOptions) {
    super(options);
    this.#options = options;
    this.#heartbeats = new JobQueue({ ...options, db: options.heartbeatDb });
  }

  override renewLeases(workers: readonly WorkerBeat[]): Promise<HeartbeatAnswer> {
    return this.#heartbeats.renewLeases(workers);
  }

  /** A worker that lost its lease is registered again: what it wrote down before goes first. */
  override async registerWorker(worker: WorkerRegistration): Promise<void> {
    await this.#deliver(worker.workerId);
    await super.registerWorker(worker);
    this.#alive.add(this.#folderOf(worker.workerId));
  }

  /** Delivered first: as soon as the worker is deregistered, anybody's rescue may take its sessions. */
  override async releaseWorker(
    workerId: string,
    cause: Exclude<WorkerEndCause, 'lost'>,
    reason?: string,
  ): Promise<number> {
    await this.#deliver(workerId);
    const released = await super.releaseWorker(workerId, cause, reason);
    this.#alive.delete(this.#folderOf(workerId));
    // What has no end in its file is stale now, and its file goes.
    await this.#deliver(workerId);
    return released;
  }

  /**
   * The first round after an outage takes nothing away: the managers of other machines may have something to deliver too, and
   * they need a moment to notice that the database is back.
   */
  override async rescue(): Promise<number> {
    try {
      await this.#deliverOfTheDead();
      if (!this.#wasAway) return await super.rescue();
      await this.#options.db.query('select 1');
      this.#wasAway = false;
      return 0;
    } catch (error) {
      this.#wasAway ||= isDatabaseOutage(error);
      throw error;
    }
  }

  async #deliverOfTheDead(): Promise<void> {
    const { spoolFolder, db } = this.#options;
    const names = await readdir(spoolFolder).catch(() => [] as string[]);
    const others = names.filter((name) => !this.#alive.has(path.join(spoolFolder, name)));
    if (others.length === 0) return;
    // Another manager of this machine may share the folder; its workers deliver for themselves.
    const leased = await db.query<LivingRow>(FIND_LIVING, [others.map(workerOfFolder)]);
    const living = leased.filter((worker) => worker.hostname !== hostname() || isProcessAlive(worker.pid));
    const isLiving = new Set(living.map(({ workerId }) => workerId));
    for (const name of others) {
      if (!isLiving.has(workerOfFolder(name))) await deliverLeftovers(path.join(spoolFolder, name), this.#ports());
    }
  }

  async #deliver(workerId: string): Promise<void> {
    await deliverLeftovers(this.#folderOf(workerId), this.#ports());
  }

  #folderOf(workerId: string): string {
    return spoolFolderOf(this.#options.spoolFolder, workerId);
  }

  #ports() {
    const { db, logger } = this.#options;
    return { queue: this, db, logger };
  }
}
