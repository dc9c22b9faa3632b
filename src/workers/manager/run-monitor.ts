import type { Logger } from '#lib/logger.ts';
import { type ManagerMessage, monotonicNowMs, type WorkerStats } from '../messages.ts';
import type { Standstill } from '../nodes/standstill.ts';
import {
  endsByItself,
  lookAgainMs,
  type RunDecision,
  type RunEvent,
  type RunLimits,
  type RunState,
  type RunStatistics,
  runStatistics,
  type StopReason,
  startRun,
  stepRun,
  type WorkOutlook,
} from './run-limits.ts';
import { WorkAllotment, type WorkerShare } from './work-allotment.ts';

/** What people and programs are told while workers run. */
export type RunNews =
  /** Nothing to do; said when it begins and at growing intervals. */
  | {
      event: 'waiting';
      idleMs: number;
      emptyLooks: number;
      maxFailures: number | null;
      nextLookMs: number;
      /** Why nothing is claimed by order of people, such as "paused by people", and the command that ends that. */
      standstill: { why: string; resume: string } | null;
    }
  /** Work was taken or has ended. */
  | {
      event: 'working';
      active: number;
      processed: number;
      succeeded: number;
      failed: number;
      maxWork: number | null;
      perHour: number | null;
    }
  | { event: 'stopping'; reason: StopReason | 'asked' | 'unfit'; message: string }
  | ({
      event: 'stopped';
      reason: StopReason | 'asked' | 'unfit';
      message: string;
      succeeded: number;
      failed: number;
    } & RunStatistics);

/** What it watches; WorkerManager is one. */
interface WatchedWorkers {
  readonly slots: readonly {
    readonly listening: { pid: number; stats: WorkerStats } | null;
    readonly mayClaim: boolean;
    send(message: ManagerMessage): void;
  }[];
  stop(): Promise<void>;
}

export interface RunMonitorOptions {
  manager: WatchedWorkers;
  limits: RunLimits;
  look: () => Promise<WorkOutlook>;
  /** Why nothing is claimed by order of people. */
  findStandstill: () => Standstill | null;
  tell: (news: RunNews) => void;
  logger: Logger;
}

const WATCH_MS = 200;

/** Watches a manager's workers, tells how they get on, and stops the manager when a limit is reached. */
export class RunMonitor {
  readonly #options: RunMonitorOptions;
  readonly #allotment: WorkAllotment;
  readonly #timer: NodeJS.Timeout;
  #state: RunState = startRun(monotonicNowMs());
  #stop: (RunDecision & { do: 'stop' }) | null = null;
  #told = '';
  #standstill: Standstill | null = null;
  #waitToldAtMs = Number.NEGATIVE_INFINITY;
  #waitsTold = 0;

  constructor(options: RunMonitorOptions) {
    this.#options = options;
    this.#allotment = new WorkAllotment(options.limits.maxWork ?? Number.POSITIVE_INFINITY);
    this.#timer = setInterval(() => this.#watch(), WATCH_MS);
    this.#watch();
  }

  /**
   * Tells how it all was. Call it when the manager has ended.
   * @param cause why, where neither a limit nor a person has stopped it.
   */
  finish(cause: string | null = null): RunNews & { event: 'stopped' } {
    clearInterval(this.#timer);
    const { succeeded, failed } = this.#allotment.done;
    const stop = this.#stop ?? endOf(cause);
    const { reason, message } = stop;
    const news = { event: 'stopped' as const, reason, message, succeeded, failed, ...runStatistics(this.#state) };
    this.#options.tell(news);
    return news;
  }

  #watch(): void {
    const { slots } = this.#options.manager;
    const raised = this.#allotment.update(slots.flatMap(shareOf));
    for (const { pid, sessionsMax } of raised) {
      slots.find(({ listening }) => listening?.pid === pid)?.send({ type: 'work-limit', sessionsMax });
    }
    const { processed, active } = this.#allotment.done;
    this.#step({ type: 'figures', nowMs: monotonicNowMs(), processed, active });
    this.#noteStandstill(this.#options.findStandstill());
    this.#tellProgress();
  }

  /** People may let the machine work again at any time, so a run that is to end by itself waits for that, and says so. */
  #noteStandstill(standstill: Standstill | null): void {
    if (standstill?.why === this.#standstill?.why) return;
    this.#standstill = standstill;
    this.#waitToldAtMs = Number.NEGATIVE_INFINITY;
    const { limits, logger } = this.#options;
    if (!standstill || this.#stop || !endsByItself(limits)) return;
    const { why, resume } = standstill;
    logger.warn({ resume }, `This run waits for as long as its machine is ${why}, unless nothing is left to do`);
  }

  #step(event: RunEvent): void {
    const { state, decision } = stepRun(this.#state, event, this.#options.limits);
    this.#state = state;
    if (this.#stop) return;
    if (decision.do === 'look') void this.#look();
    if (decision.do === 'stop') this.#stopFor(decision);
  }

  async #look(): Promise<void> {
    const outlook = await this.#options.look().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'Cannot look into the queue; trying again');
      // Nobody knows what is there: that is not "nothing".
      return { isReady: true, dueInMs: null };
    });
    this.#step({ type: 'looked', nowMs: monotonicNowMs(), outlook });
  }

  #stopFor(stop: RunDecision & { do: 'stop' }): void {
    this.#stop = stop;
    this.#options.tell({ event: 'stopping', reason: stop.reason, message: stop.message });
    void this.#options.manager.stop();
  }

  #tellProgress(): void {
    if (this.#stop) return;
    const { maxWork, maxFailures } = this.#options.limits;
    const { active, ...counts } = this.#allotment.done;
    const key = JSON.stringify([active, counts]);
    const isIdle = active === 0;
    if (key !== this.#told) {
      const isFirst = this.#told === '';
      this.#told = key;
      this.#waitsTold = 0;
      this.#waitToldAtMs = Number.NEGATIVE_INFINITY;
      const { perHour } = runStatistics(this.#state);
      if (!isFirst) this.#options.tell({ event: 'working', active, ...counts, maxWork, perHour });
    }
    const { seenAtMs, workedAtMs, emptyLooks, nextLookAtMs } = this.#state;
    if (!isIdle || seenAtMs - this.#waitToldAtMs < lookAgainMs(this.#waitsTold)) return;
    this.#waitToldAtMs = seenAtMs;
    this.#waitsTold += 1;
    const nextLookMs = Math.max(0, nextLookAtMs - seenAtMs);
    const standstill = this.#standstill && { why: this.#standstill.why, resume: this.#standstill.resume };
    const idleMs = seenAtMs - workedAtMs;
    this.#options.tell({ event: 'waiting', idleMs, emptyLooks, maxFailures, nextLookMs, standstill });
  }
}

function shareOf({ listening, mayClaim }: WatchedWorkers['slots'][number]): WorkerShare[] {
  if (!listening) return [];
  const { pid, stats } = listening;
  return [
    {
      pid,
      processed: stats.jobsProcessed,
      succeeded: stats.jobsSucceeded,
      failed: stats.jobsFailed,
      active: stats.activeSessions,
      workLimit: stats.workLimit,
      mayClaim,
    },
  ];
}

function endOf(cause: string | null): { reason: 'asked' | 'unfit'; message: string } {
  return cause === null ? { reason: 'asked', message: 'Somebody asked for it' } : { reason: 'unfit', message: cause };
}
