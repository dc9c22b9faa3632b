import type { WorkerEndCause } from '../queue/job-queue.ts';

/** Signals that somebody sends; the others (SIGSEGV, SIGABRT, SIGBUS …) come from the process itself. */
const SENT_SIGNALS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** How a child ended and what its manager knew at that moment. */
export interface ChildExit {
  code: number | null;
  signal: string | null;
  /** The manager had asked it to stop. */
  stopping: boolean;
  /** The manager killed it because it no longer answered. */
  silent: boolean;
  /** Processes that the kernel has killed for want of memory since a worker was last killed, this one or others. */
  oomKills: number;
}

/**
 * Who is to blame for the end of a worker process: it decides what is charged to the sessions that it ran. The kernel kills who has taken
 * too much memory, so that end counts as the process's own. The kill that was counted may have been of another process (a
 * browser, or with the count of the whole machine anything), and somebody else's SIGKILL fall together with it. Then a try is charged that
 * should not be; a good session is not quarantined by it, for that takes three deaths without a page saved in between, the last one alone.
 */
export function workerEndCause(exit: ChildExit): Exclude<WorkerEndCause, 'lost'> {
  if (exit.silent) return 'crashed';
  if (exit.stopping || (exit.code === 0 && exit.signal === null)) return 'stopped';
  if (isOutOfMemory(exit)) return 'crashed';
  return exit.signal !== null && SENT_SIGNALS.has(exit.signal) ? 'killed' : 'crashed';
}

const isOutOfMemory = ({ signal, oomKills }: ChildExit): boolean => signal === 'SIGKILL' && oomKills > 0;

/** One sentence for logs and for the worker's row. */
export function describeExit(exit: ChildExit): string {
  if (exit.silent) return 'Killed by its manager: it did not answer any more';
  if (!exit.stopping && isOutOfMemory(exit)) return 'Killed by the kernel, most likely for want of memory';
  const how = exit.signal ? `by ${exit.signal}` : `with exit code ${exit.code ?? 'unknown'}`;
  return `Ended ${how}${exit.stopping ? ' when asked to stop' : ''}`;
}

/** After this long a worker counts as healthy, and its next restart is quick again. */
const HEALTHY_MS = 60_000;

/**
 * How many failures in a row a worker's restart delay counts. One that had begun to work and was killed from outside says
 * nothing about the next one, so it is replaced quickly however often it happens. One that never began to work counts twice: the
 * next one will most likely not either.
 */
export function failuresAfter(
  before: number,
  end: { cause: Exclude<WorkerEndCause, 'lost'>; livedMs: number; wasWorking: boolean },
): number {
  if (end.livedMs >= HEALTHY_MS || (end.cause === 'killed' && end.wasWorking)) return 1;
  return before + (end.wasWorking ? 1 : 2);
}
