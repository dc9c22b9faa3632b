/** A key of its own for each thing that is asked for. Not crypto.randomUUID(), which pages that came over plain HTTP do not have. */
export const newIdempotencyKey = (): string => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

/**
 * Gives what is asked for again its old key, for as long as `settle` was not called: an answer may be lost although the server did what
 * was asked, and pressing the button once more must not do it twice.
 */
export function createIdempotencyKeys(newKey: () => string = newIdempotencyKey) {
  let last: { request: string; key: string } | null = null;
  return {
    keyFor(request: unknown): string {
      const text = JSON.stringify(request);
      if (last?.request !== text) last = { request: text, key: newKey() };
      return last.key;
    },
    /** The answer has come: whoever asks for the same again wants it again. */
    settle(): void {
      last = null;
    },
  };
}
