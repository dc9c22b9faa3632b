import { backoffCeilingMs } from '#lib/backoff.ts';
import type { RunningServer } from './cluster.ts';
import type { ServerEvent } from './server-event.ts';

export interface SupervisedServer {
  pid(): number;
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

/** So soon after a full disk has room again the server is back, however long that took. */
const PAUSE_CAP_MS = 10_000;

/** Starts the server again when it ends by itself: after 0.25, 0.5, 1 … 10 s, on the same port, until `stop()`. */
export function superviseServer(
  first: RunningServer,
  start: () => Promise<RunningServer>,
  onEvent: ServerEvent,
): SupervisedServer {
  let current = first;
  let wake: () => void = () => {};
  let stopping = false;

  const pause = (delayMs: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const restart = async (): Promise<void> => {
    for (let attempt = 1; !stopping; attempt += 1) {
      await pause(backoffCeilingMs(attempt, 250, PAUSE_CAP_MS));
      if (stopping) return;
      try {
        current = await start();
        onEvent('info', `the database runs again (process ${current.pid})`);
        return;
      } catch (error) {
        onEvent('error', `the database does not start: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };

  const watch = async (): Promise<void> => {
    while (!stopping) {
      const { code, signal } = await current.exited;
      if (stopping) return;
      onEvent('error', `the database ended by itself (${signal ?? `exit code ${code}`}); starting it again`);
      await restart();
    }
  };
  const watching = watch();

  return {
    pid: () => current.pid,
    async stop(mode) {
      stopping = true;
      wake();
      await current.stop(mode);
      await watching;
      // A restart that was under way when we were asked to stop.
      await current.stop(mode);
    },
  };
}
