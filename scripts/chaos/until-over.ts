import { setTimeout as wait } from 'node:timers/promises';
import type { ChaosArena } from './chaos-arena.ts';

/** Waits as long as it takes, with pauses between tries ten times as short: who comes back after whom stays as it is. */
export async function untilOver(arena: ChaosArena, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while ((await arena.openCount()) > 0) {
    if (performance.now() > deadlineMs) throw new Error(`Waited ${timeoutMs} ms for poison and good sessions to end`);
    await arena.db.query(
      `update scraping_sessions set wake_at = wake_at - interval '2.7 seconds' where status = 'pending' and wake_at < 'infinity'`,
    );
    await wait(300);
  }
}
