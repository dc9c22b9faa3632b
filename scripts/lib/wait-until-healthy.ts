/**
 * Asks GET /healthz until it answers 200.
 * @param gaveUp Resolves with the reason when waiting is pointless, such as the end of the process asked.
 * @throws Error at the deadline, or with that reason.
 */
export async function waitUntilHealthy(origin: string, gaveUp: Promise<string>, timeoutMs: number): Promise<void> {
  let reason: string | null = null;
  void gaveUp.then((why) => {
    reason = why;
  });
  const deadline = Date.now() + timeoutMs;
  let last = 'no answer';
  while (Date.now() < deadline) {
    if (reason !== null) throw new Error(`The dashboard ended while starting (${reason}); its lines above say why.`);
    try {
      const response = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(5_000) });
      await response.body?.cancel();
      if (response.status === 200) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The dashboard at ${origin} did not become healthy within ${timeoutMs / 1000} s (${last}).`);
}
