/** First come, first served, one at a time per key, within this process. */
export class Turnstile {
  readonly #lines = new Map<string, (() => void)[]>();

  /** How many hold or wait for a key. */
  lengthOf(key: string): number {
    const line = this.#lines.get(key);
    return line === undefined ? 0 : line.length + 1;
  }

  /**
   * Waits for the turn.
   * @returns the function that lets the next one in (only its first call counts), or null when `waitMaxMs` passed.
   * @throws the signal's reason when it is aborted while waiting.
   */
  async enter(key: string, waitMaxMs: number, signal: AbortSignal): Promise<(() => void) | null> {
    signal.throwIfAborted();
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, []);
    else if (!(await this.#waitInLine(line, waitMaxMs, signal))) return null;
    let left = false;
    return () => {
      if (!left) this.#admitNext(key);
      left = true;
    };
  }

  #admitNext(key: string): void {
    const next = this.#lines.get(key)?.shift();
    if (next) next();
    else this.#lines.delete(key);
  }

  #waitInLine(line: (() => void)[], waitMaxMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timeout);
        signal.removeEventListener('abort', onAbort);
        const place = line.indexOf(admit);
        if (place >= 0) line.splice(place, 1);
        done();
      };
      const admit = () => settle(() => resolve(true));
      const onAbort = () => settle(() => reject(signal.reason));
      const timeout = setTimeout(() => settle(() => resolve(false)), Math.max(0, waitMaxMs));
      signal.addEventListener('abort', onAbort, { once: true });
      line.push(admit);
    });
  }
}
