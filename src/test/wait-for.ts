export interface WaitOptions {
  /** Default 20 s: a machine that does other work too may take that long for what is a matter of milliseconds. */
  timeoutMs?: number;
  intervalMs?: number;
  /** Completes "Waited 20000 ms for …". */
  what?: string;
}

/**
 * Asks `condition` again and again until it gives something truthy, and returns that. An error of the condition counts as
 * "not yet"; the last one is the cause of the error at the deadline.
 * @throws Error when the time is over.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { timeoutMs = 20_000, intervalMs = 20, what = 'the condition' } = options;
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  } while (Date.now() < deadline);
  throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause });
}
