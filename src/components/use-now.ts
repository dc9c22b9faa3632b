import { useSyncExternalStore } from 'react';

const TICK_MS = 1000;

/** One clock for the whole page, so that all ages change together; it stands still in a hidden tab. */
const listeners = new Set<() => void>();
/** How far the reader's clock is behind the database's; ages are told by the latter. */
let behindMs = 0;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** Smaller differences may be the way of the answer. */
const TOLERANCE_MS = 2000;

/**
 * Learns from an answer what time it is: a clock that goes wrong must not make what has just happened look old, or be still to come.
 * @param iso The time that the answer gives.
 * @param askedAt When it was asked for, by the reader's clock, in ms.
 */
export function learnTime(iso: string, askedAt: number): void {
  const difference = Date.parse(iso) - (askedAt + Date.now()) / 2;
  behindMs = Math.abs(difference) < TOLERANCE_MS ? 0 : difference;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) now = Date.now() + behindMs;
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  now = Date.now() + behindMs;
  for (const listener of listeners) listener();
}

/** The time in ms, once a second; null on the server, which does not know the reader's clock or zone. */
export function useNow(): number | null {
  return useSyncExternalStore<number | null>(
    subscribe,
    () => now,
    () => null,
  );
}
