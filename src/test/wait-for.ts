export interface WaitOptions {
  /** Default 20 s: a machine that does other work too may take that long for what is a matter of milliseconds. */
  timeoutMs?: number;
  intervalMs?: number;
  /** Completes "Waited 20000 ms for …". */
  what?: string;
}

/**
 * Asks `condition` again and again until it gives something truthy, and returns that. An error of the condition counts as
 * "not yet"; the last one is the cause of the error at the deadline. It is asked once more when the time is over, since this process may have
 * stood still meanwhile.
 * @throws Error when the time is over.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { timeoutMs = 20_000, intervalMs = 20, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const isOver = performance.now() >= deadline;
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    } catch (error) {
      cause = error;
    }
    if (isOver) throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
