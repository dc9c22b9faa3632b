import type { Logger } from '#lib/logger.ts';
import { type ManagerMessage, monotonicNowMs, type WorkerStats } from '../messages.ts';
import type { Standstill } from '../nodes/standstill.ts';
import type { LastWords } from './manager.ts';
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
      /** Why this machine claims nothing, such as "paused by people", and what ends that. */
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
  /** No more is claimed; said again when somebody wants it at once. What still ends is told as 'working'. */
  | ({ event: 'stopping' } & RunEnd)
  | ({ event: 'stopped'; succeeded: number; failed: number } & RunEnd & RunStatistics);

interface RunEnd {
  reason: StopReason | 'asked' | 'unfit';
  message: string;
}

/** What it watches; WorkerManager is one. */
interface WatchedWorkers {
  readonly slots: readonly {
    readonly listening: { pid: number; stats: WorkerStats } | null;
    readonly mayClaim: boolean;
    readonly isVacant: boolean;
    send(message: ManagerMessage): void;
  }[];
  readonly graceMs: number | null;
  onWorkerEnd(listener: (last: LastWords) => void): void;
  stop(): Promise<void>;
}

export interface RunMonitorOptions {
  manager: WatchedWorkers;
  limits: RunLimits;
  look: () => Promise<WorkOutlook>;
  /** Why this machine claims nothing. */
  findStandstill: () => Standstill | null;
  /** Why the manager may not go on, where neither a limit nor a person stops it. */
  findMisfit: () => string | null;
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
  #stop: RunEnd | null = null;
  #graceTold: number | null = null;
  /** Workers that have ended since the last round. */
  #ended: WorkerShare[] = [];
  #told = '';
  #standstill: Standstill | null = null;
  #waitToldAtMs = Number.NEGATIVE_INFINITY;
  #waitsTold = 0;

  constructor(options: RunMonitorOptions) {
    this.#options = options;
    this.#allotment = new WorkAllotment(options.limits.maxWork ?? Number.POSITIVE_INFINITY);
    options.manager.onWorkerEnd((last) => {
      this.#ended.push(lastShareOf(last));
    });
    this.#timer = setInterval(() => this.#watch(), WATCH_MS);
    this.#watch();
  }

  /** Tells how it all was. Call it when the manager has ended. */
  finish(): RunNews & { event: 'stopped' } {
    clearInterval(this.#timer);
    this.#watch();
    const { succeeded, failed } = this.#allotment.done;
    const end = this.#stop ?? this.#findEnd();
    const news = { event: 'stopped' as const, ...end, succeeded, failed, ...runStatistics(this.#state) };
    this.#options.tell(news);
    return news;
  }

  #watch(): void {
    const { slots } = this.#options.manager;
    const raised = this.#allotment.update([...slots.flatMap(shareOf), ...this.#ended.splice(0)]);
    for (const { pid, sessionsMax } of raised) {
      slots.find(({ listening }) => listening?.pid === pid)?.send({ type: 'work-limit', sessionsMax });
    }
    const { processed, active } = this.#allotment.done;
    const found = this.#options.findStandstill();
    const standstill = found?.why ?? null;
    const isDeserted = slots.length > 0 && slots.every(({ isVacant }) => isVacant);
    const decision = this.#step({
      ...{ type: 'figures', nowMs: monotonicNowMs(), processed, active, standstill, isDeserted },
    });
    this.#noteStandstill(found);
    this.#tellWork();
    this.#noteOrder(active);
    this.#obey(decision);
    this.#tellWaiting();
  }

  /** The machine may work again at any time, so a run that is to end by itself waits for that, and says so. */
  #noteStandstill(standstill: Standstill | null): void {
    const before = this.#standstill;
    this.#standstill = standstill;
    if (standstill?.why === before?.why) return;
    this.#waitToldAtMs = Number.NEGATIVE_INFINITY;
    const { limits, logger } = this.#options;
    if (!standstill || this.#stop || !endsByItself(limits)) return;
    const { why, resume } = standstill;
    logger.warn({ resume }, `This run waits for as long as its machine is ${why}, unless nothing is left to do`);
  }

  #step(event: RunEvent): RunDecision {
    const { state, decision } = stepRun(this.#state, event, this.#options.limits);
    this.#state = state;
    return decision;
  }

  #obey(decision: RunDecision): void {
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
    this.#obey(this.#step({ type: 'looked', nowMs: monotonicNowMs(), outlook }));
  }

  #stopFor({ reason, message }: RunDecision & { do: 'stop' }): void {
    this.#stop = { reason, message };
    this.#options.tell({ event: 'stopping', reason, message });
    void this.#options.manager.stop();
  }

  /** Somebody has stopped the manager, or wants it faster. */
  #noteOrder(active: number): void {
    const { graceMs } = this.#options.manager;
    const isOwn = this.#stop !== null && this.#stop.reason !== 'asked';
    if (graceMs === null || graceMs === this.#graceTold || isOwn) return;
    this.#graceTold = graceMs;
    this.#stop = this.#findEnd();
    const { reason, message } = this.#stop;
    const told = reason === 'asked' ? describeOrder(graceMs, active) : message;
    this.#options.tell({ event: 'stopping', reason, message: told });
  }

  #findEnd(): RunEnd {
    const misfit = this.#options.findMisfit();
    return misfit === null
      ? { reason: 'asked', message: 'Somebody asked for it' }
      : { reason: 'unfit', message: misfit };
  }

  #tellWork(): void {
    const { active, ...counts } = this.#allotment.done;
    const key = JSON.stringify([active, counts]);
    if (key === this.#told) return;
    const isFirst = this.#told === '';
    this.#told = key;
    this.#waitsTold = 0;
    this.#waitToldAtMs = Number.NEGATIVE_INFINITY;
    const { perHour } = runStatistics(this.#state);
    if (isFirst) return;
    this.#options.tell({ event: 'working', active, ...counts, maxWork: this.#options.limits.maxWork, perHour });
  }

  #tellWaiting(): void {
    const { maxFailures } = this.#options.limits;
    const { seenAtMs, workedAtMs, emptyLooks, nextLookAtMs, active } = this.#state;
    if (this.#stop || active > 0 || seenAtMs - this.#waitToldAtMs < lookAgainMs(this.#waitsTold)) return;
    this.#waitToldAtMs = seenAtMs;
    this.#waitsTold += 1;
    const nextLookMs = Math.max(0, nextLookAtMs - seenAtMs);
    const standstill = this.#standstill && { why: this.#standstill.why, resume: this.#standstill.resume };
    const idleMs = seenAtMs - workedAtMs;
    this.#options.tell({ event: 'waiting', idleMs, emptyLooks, maxFailures, nextLookMs, standstill });
  }
}

function shareOf({ listening, mayClaim }: WatchedWorkers['slots'][number]): WorkerShare[] {
  return listening ? [toShare(listening.pid, listening.stats, mayClaim)] : [];
}

/** Tries that were under way when their worker died by a fault of its own have failed with it; others are handed back or go on elsewhere. */
function lastShareOf({ pid, stats, cause }: LastWords): WorkerShare {
  const share = toShare(pid, stats, false);
  const lost = cause === 'crashed' ? share.active : 0;
  return { ...share, processed: share.processed + lost, failed: share.failed + lost, active: 0 };
}

function toShare(pid: number, stats: WorkerStats, mayClaim: boolean): WorkerShare {
  return {
    pid,
    processed: stats.jobsProcessed,
    succeeded: stats.jobsSucceeded,
    failed: stats.jobsFailed,
    active: stats.activeSessions,
    workLimit: stats.workLimit,
    mayClaim,
  };
}

/** What people who have stopped a run can expect of it. */
function describeOrder(graceMs: number, active: number): string {
  if (graceMs === 0) return 'At once; what runs is handed back';
  if (active === 0) return 'Somebody asked for it';
  const seconds = Math.round(graceMs / 1_000);
  return `What runs may finish for up to ${seconds} s; once more stops at once`;
}
