import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import { isProcessAlive } from '../is-process-alive.ts';
import type { LeaseQueue, SessionQueue } from '../ports/session-queue.ts';
import type { HeartbeatAnswer, WorkerBeat, WorkerRegistration } from '../queue/job-queue.ts';
import { deliverLeftovers } from '../spool/deliver-leftovers.ts';
import { DeliveryTries } from '../spool/delivery-tries.ts';
import type { LeftoverLookup } from '../spool/leftover-lookup.ts';
import { spoolFolderOf, workerOfFolder } from '../spool/spool-file.ts';

export interface ManagerQueueOptions {
  queue: SessionQueue & LeaseQueue;
  /** On a connection that nothing else uses, so that no other work of the manager can make heartbeats late. */
  heartbeats: Pick<LeaseQueue, 'renewLeases'>;
  lookup: LeftoverLookup;
  /** spool/ in the data folder of this machine. */
  spoolFolder: string;
  logger: Logger;
  /** For tests, which do not wait a minute. */
  tries?: DeliveryTries;
}

/**
 * The queue of a manager. Before it takes sessions away from anybody, it delivers what
 * workers of this machine have left on disk under their claims: afterwards these would be stale, and the work would be done again.
 */
export class ManagerQueue implements LeaseQueue {
  readonly #options: ManagerQueueOptions;
  /** Folders of this manager's own workers, which run and deliver for themselves. */
  readonly #alive = new Set<string>();
  readonly #tries: DeliveryTries;
  #wasAway = false;

  constructor(options: ManagerQueueOptions) {
    this.#options = options;
    this.#tries = options.tries ?? new DeliveryTries();
  }

  renewLeases(workers: readonly WorkerBeat[]): Promise<HeartbeatAnswer> {
    return this.#options.heartbeats.renewLeases(workers);
  }

  /** A worker that lost its lease is registered again: what it wrote down before goes first. */
  async registerWorker(worker: WorkerRegistration): Promise<void> {
    await this.#deliver(worker.workerId);
    await this.#options.queue.registerWorker(worker);
    this.#alive.add(this.#folderOf(worker.workerId));
  }

  /** Delivered first: as soon as the worker is deregistered, anybody's rescue may take its sessions. */
  async releaseWorker(...[workerId, cause, end]: Parameters<LeaseQueue['releaseWorker']>): Promise<number> {
    await this.#deliver(workerId);
    const released = await this.#options.queue.releaseWorker(workerId, cause, end);
    this.#alive.delete(this.#folderOf(workerId));
    // What has no end in its file is stale now, and its file goes.
    await this.#deliver(workerId);
    return released;
  }

  tick(sources?: readonly string[]): Promise<{ ready: boolean }> {
    return this.#options.queue.tick(sources);
  }

  /**
   * The first round after an outage takes nothing away: the managers of other machines may have something to deliver too, and
   * they need a moment to notice that the database is back.
   */
  async rescue(): Promise<number> {
    try {
      await this.#deliverOfTheDead();
      if (!this.#wasAway) return await this.#options.queue.rescue();
      await this.#options.lookup.findLiving([]);
      this.#wasAway = false;
      return 0;
    } catch (error) {
      this.#wasAway ||= isDatabaseOutage(error);
      throw error;
    }
  }

  async #deliverOfTheDead(): Promise<void> {
    const { spoolFolder, lookup } = this.#options;
    const names = await readdir(spoolFolder).catch(() => [] as string[]);
    const others = names.filter((name) => !this.#alive.has(path.join(spoolFolder, name)));
    if (others.length === 0) return;
    // Another manager of this machine may share the folder; its workers deliver for themselves.
    const leased = await lookup.findLiving(others.map(workerOfFolder));
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
    const { queue, lookup, logger } = this.#options;
    return { queue, lookup, logger, tries: this.#tries };
  }
}
