/**
 * Waits by the monotonic clock; timers may fire up to a millisecond early, which would break a promised gap.
 * @throws the signal's reason as soon as it is aborted.
 */
export async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  signal.throwIfAborted();
  for (let left = ms; left > 0; left = end - performance.now()) await timer(Math.ceil(left), signal);
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timeout);
      reject(signal.reason);
    };
    const timeout = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
