import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '#lib/logger.ts';
import type { NodeStore } from '../nodes/node-store.ts';
import type { ManagerDuty } from './manager-duty.ts';

export interface SchemaGateOptions {
  /** Says in words why this program may not work; null when it may. @throws what says that nobody answers. */
  findMisfit: () => Promise<string | null>;
  nodes: NodeStore;
  logger: Logger;
  nodeId: string;
  /** As many as the manager would have. */
  configuredWorkers: number;
  leaseMs: number;
  /** Between two looks. */
  intervalMs: number;
}

/** How often the log repeats why nothing is done. */
const REPEAT_MS = 600_000;

/**
 * Lets a manager work only while its program and the schema of the database go together. One that does not fit holds no
 * worker and claims nothing, but its process stays, since a supervisor would start it again and again; it says why in the log
 * and on the page of its machine, and looks again until it fits.
 */
export class SchemaGate {
  readonly #options: SchemaGateOptions;
  #misfit: string | null = null;
  #told: string | null = null;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(options: SchemaGateOptions) {
    this.#options = options;
  }

  /** Why the manager may not work, as far as was known at the last look; null when it may. */
  get misfit(): string | null {
    return this.#misfit;
  }

  /** What the running manager does: looks again and again, and says when it may not go on. */
  duty(onMisfit: () => void): ManagerDuty {
    return {
      name: 'schema',
      intervalMs: this.#options.intervalMs,
      run: async () => {
        await this.#look();
        if (this.#misfit !== null) onMisfit();
      },
    };
  }

  /** Resolves with true when program and schema go together, which may take for ever, and with false when `signal` is aborted. */
  async untilFits(signal: AbortSignal): Promise<boolean> {
    const { logger, intervalMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#look();
        if (this.#misfit === null) break;
        await this.#show(this.#misfit);
      } catch (error) {
        this.#tell('The database does not answer, so nobody knows whether its schema fits; trying on', { err: error });
      }
      await wait(intervalMs, undefined, { signal }).catch(() => {});
    }
    await this.#hide();
    if (!signal.aborted && this.#told !== null) logger.info('Program and database go together now');
    return !signal.aborted;
  }

  async #look(): Promise<void> {
    this.#misfit = await this.#options.findMisfit();
    if (this.#misfit !== null) this.#tell(`${this.#misfit} Until then this machine claims nothing.`);
  }

  #tell(message: string, about: Record<string, unknown> = {}): void {
    if (message === this.#told && performance.now() - this.#toldAtMs < REPEAT_MS) return;
    this.#told = message;
    this.#toldAtMs = performance.now();
    this.#options.logger.warn(about, message);
  }

  /** The machine stays on the page, with the reason. A schema that does not even take that is told of in the log only. */
  async #show(reason: string): Promise<void> {
    const { nodes, nodeId, configuredWorkers, leaseMs, logger } = this.#options;
    const beat = { ...IDLE_MACHINE, nodeId, configuredWorkers, leaseMs, ...SELF, statusReasons: [reason] };
    try {
      await nodes.beat(beat, { first: false, deadPid: null });
      this.#isShown = true;
    } catch (error) {
      logger.debug({ err: error }, 'The reason cannot be shown on the page of this machine');
    }
  }

  async #hide(): Promise<void> {
    if (!this.#isShown) return;
    this.#isShown = false;
    const { nodes, nodeId, logger } = this.#options;
    await nodes.leave({ nodeId, ...SELF }).catch((error: unknown) => {
      logger.debug({ err: error }, 'The row of this machine could not be closed; it ends with its lease');
    });
  }
}

const SELF = { hostname: hostname(), managerPid: process.pid };

const IDLE_MACHINE = {
  version: null,
  status: 'unhealthy',
  activeWorkers: 0,
  activeSessions: 0,
  concurrency: 1,
  cpuPercent: null,
  memoryPercent: null,
  diskPercent: null,
  cpuCount: null,
  memoryLimitMb: null,
  errors: 0,
  warnings: 0,
} as const;
