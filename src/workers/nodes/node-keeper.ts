import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '#lib/logger.ts';
import type { EventPublisher } from '../events.ts';
import { isProcessAlive } from '../is-process-alive.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';
import type { ManagerFigures } from '../manager/worker-tally.ts';
import type { MachineSample, SampleMachine } from './machine-sampler.ts';
import { INTAKE_SHARE, NO_SIGNS_YET, type NodeHealth, nodeHealth } from './node-health.ts';
import type { NodeBeatAnswer, NodeOwner, NodeStore, NodeWish } from './node-store.ts';
import { meetOther, type OtherManager, wishBeside } from './other-manager.ts';
import { type Standstill, standstillOf, standstillOfHealth } from './standstill.ts';

/** What it reports on and steers; WorkerManager is one. */
export interface SteeredManager {
  readonly workerCount: number;
  readonly figures: ManagerFigures;
  scaleTo(count: number): void;
  setIntake(share: number): void;
}

export interface NodeKeeperOptions {
  nodes: NodeStore;
  events: Pick<EventPublisher, 'publish' | 'flush'>;
  logger: Logger;
  nodeId: string;
  version: string | null;
  /** Workers that it was started with. */
  configuredWorkers: number;
  /** Sessions per worker. */
  concurrency: number;
  heartbeatMs: number;
  leaseMs: number;
  /** Whether this machine works for a dashboard and has no database. */
  overHttp?: boolean;
  sample: SampleMachine;
}

/** At the very end the row is written if the database answers within this time. */
const FAREWELL_MS = 1_000;

/**
 * Keeps the row of this machine: reports how it is, and makes the manager do what people want of it. Until the first answer of
 * the database nothing is claimed, since the machine may be paused.
 */
export class NodeKeeper {
  readonly #options: NodeKeeperOptions;
  #manager: SteeredManager | null = null;
  #health: NodeHealth = NO_SIGNS_YET;
  #wish: NodeWish | null = null;
  #ownsRow = false;
  #other: OtherManager | null = null;
  #deadPid: number | null = null;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #announced = '';

  constructor(options: NodeKeeperOptions) {
    this.#options = options;
  }

  /** Call it before the manager starts. */
  steer(manager: SteeredManager): void {
    this.#manager = manager;
    manager.setIntake(0);
  }

  get duty(): ManagerDuty {
    return { name: 'node', intervalMs: this.#options.heartbeatMs, prompt: true, run: () => this.#round() };
  }

  /** Why nothing is claimed, by order of people or for the state of the machine; null where work goes on, or nobody knows yet. */
  get standstill(): Standstill | null {
    return this.#ordered ?? standstillOfHealth(this.#health);
  }

  get #ordered(): Standstill | null {
    const { nodeId, overHttp } = this.#options;
    return this.#wish && standstillOf(this.#wish, nodeId, overHttp);
  }

  /** Says that the manager has stopped. Never throws, and does not wait long for the database. */
  async leave(): Promise<void> {
    if (!this.#ownsRow) return;
    const { nodes, nodeId, events } = this.#options;
    const leaving = nodes.leave({ nodeId, ...ownIdentity() }).then(
      () => {
        events.publish(['workers']);
        return events.flush();
      },
      () => {
        // Others see that it is silent.
      },
    );
    await Promise.race([leaving, wait(FAREWELL_MS)]);
  }

  async #round(): Promise<void> {
    const manager = this.#manager;
    if (!manager) return;
    const sample = await this.#options.sample();
    this.#noteHealth(nodeHealth({ ...sample, crashes: manager.figures.crashes }, this.#health));
    this.#applyIntake(manager);
    await this.#beat(manager, sample);
    this.#applyIntake(manager);
    await this.#sweep(sample.atMs);
  }

  async #beat(manager: SteeredManager, sample: MachineSample): Promise<void> {
    const { nodes } = this.#options;
    const beat = this.#describe(manager, sample);
    const answer = await nodes.beat(beat, { first: !this.#ownsRow, deadPid: this.#deadPid });
    if (answer.kind === 'written') {
      this.#noteOwned();
      this.#obey(manager, answer.wish);
      return;
    }
    if (this.#noteDead(answer.owner)) await this.#beat(manager, sample);
    else this.#obey(manager, wishBeside(this.#noteOther(answer), answer.wish, this.#options.nodeId));
  }

  #describe(manager: SteeredManager, sample: MachineSample) {
    const { nodeId, version, configuredWorkers, concurrency, leaseMs } = this.#options;
    const { workers, activeSessions, errors, warnings } = manager.figures;
    const { cpuPercent, memoryPercent, diskPercent, cpuCount, memoryLimitMb } = sample;
    return {
      nodeId,
      ...ownIdentity(),
      version,
      status: this.#health.status,
      statusReasons: this.#health.reasons,
      configuredWorkers,
      activeWorkers: workers,
      activeSessions,
      concurrency,
      ...{ cpuPercent, memoryPercent, diskPercent, cpuCount, memoryLimitMb },
      errors,
      warnings,
      leaseMs,
    };
  }

  #noteHealth(health: NodeHealth): void {
    const before = this.#health.status;
    this.#health = health;
    if (health.status === before) return;
    const { reasons } = health;
    if (health.status === 'healthy') this.#options.logger.info('This machine is healthy again');
    else this.#options.logger.warn({ reasons }, `This machine is ${health.status}; it takes ${TAKES[health.status]}`);
  }

  #noteOwned(): void {
    if (this.#other?.lives) this.#options.logger.info('This manager now reports for its node');
    this.#other = null;
    this.#ownsRow = true;
  }

  /** @returns whether the owner is found to be dead just now, so that its row may be taken over. */
  #noteDead({ hostname: ownersHost, managerPid }: NodeOwner): boolean {
    const isDead = ownersHost === hostname() && managerPid > 0 && !isProcessAlive(managerPid);
    const isNews = isDead && this.#deadPid !== managerPid;
    this.#deadPid = isDead ? managerPid : null;
    return isNews;
  }

  /** Another manager reports under our name: two would obey each other's orders, so this one goes by its settings alone. */
  #noteOther(answer: NodeBeatAnswer & { kind: 'taken' }): OtherManager {
    this.#ownsRow = false;
    const before = this.#other;
    const other = meetOther(before, answer);
    this.#other = other;
    const isNews = other.lives && !(before?.lives && before.name === other.name);
    if (!isNews) return other;
    const { logger, nodeId } = this.#options;
    logger.warn(
      { node: nodeId },
      `Another manager (${other.name}) reports as node "${nodeId}". Until it stops, this one is neither shown nor steered, and goes by its own settings. Give each its own NODE_ID.`,
    );
    return other;
  }

  #obey(manager: SteeredManager, wish: NodeWish): void {
    const { configuredWorkers, logger } = this.#options;
    const before = this.#ordered;
    this.#wish = wish;
    this.#tellStandstill(before);
    const wanted = wish.mode === 'draining' ? 0 : (wish.desiredWorkers ?? configuredWorkers);
    if (wanted !== manager.workerCount) {
      logger.info(
        { workers: wanted, startedWith: configuredWorkers },
        `Going from ${manager.workerCount} to ${wanted} workers`,
      );
      manager.scaleTo(wanted);
    }
    this.#announce(manager, wish);
  }

  #tellStandstill(before: Standstill | null): void {
    const { logger } = this.#options;
    const now = this.#ordered;
    if (now?.why === before?.why) return;
    // Also shown in a terminal, where somebody may wonder why nothing runs.
    if (now) logger.warn({ resume: now.resume }, now.message);
    else logger.info('This machine takes sessions again, as people want');
  }

  #applyIntake(manager: SteeredManager): void {
    manager.setIntake(this.#wish?.mode === 'active' ? INTAKE_SHARE[this.#health.status] : 0);
  }

  /** Only what people act on counts: figures that move a little say nothing. */
  #announce(manager: SteeredManager, wish: NodeWish): void {
    const seen = JSON.stringify([this.#health.status, wish, manager.figures.workers]);
    if (seen !== this.#announced) this.#options.events.publish(['workers']);
    this.#announced = seen;
  }

  async #sweep(nowMs: number): Promise<void> {
    const { nodes, leaseMs, events, logger } = this.#options;
    if (nowMs - this.#sweptAtMs < leaseMs) return;
    this.#sweptAtMs = nowMs;
    const { gone, deleted } = await nodes.sweep();
    if (gone.length > 0) logger.warn({ nodes: gone }, 'These machines have fallen silent; their sessions go to others');
    if (gone.length + deleted.length > 0) events.publish(['workers']);
  }
}

const TAKES = { degraded: 'half as much', unhealthy: 'nothing new' } as const;

const ownIdentity = (): NodeOwner => ({ hostname: hostname(), managerPid: process.pid });
