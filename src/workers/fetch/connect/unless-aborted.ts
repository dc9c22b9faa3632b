/**
 * Waits for `work`, but no longer than the signal allows. `onAborted` ends what is left of the work and says with what to
 * reject; a result that comes later is dropped.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, onAborted: () => Error): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(onAborted());
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
