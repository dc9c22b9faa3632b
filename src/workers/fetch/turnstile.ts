interface Waiter {
  places: number;
  admit: () => void;
}

interface Line {
  inside: number;
  waiting: Waiter[];
}

/** First come, first served, a few at a time per key, within this process. */
export class Turnstile {
  readonly #lines = new Map<string, Line>();

  /** How many hold or wait for a key. */
  lengthOf(key: string): number {
    const line = this.#lines.get(key);
    return line === undefined ? 0 : line.inside + line.waiting.length;
  }

  /**
   * Waits until fewer than `places` are inside and nobody stands before.
   * @returns the function that lets the next one in (only its first call counts), or null when `waitMaxMs` passed.
   * @throws the signal's reason when it is aborted while waiting.
   */
  async enter(key: string, places: number, waitMaxMs: number, signal: AbortSignal): Promise<(() => void) | null> {
    signal.throwIfAborted();
    const line = this.#lines.get(key) ?? { inside: 0, waiting: [] };
    this.#lines.set(key, line);
    if (line.waiting.length === 0 && line.inside < places) line.inside += 1;
    else if (!(await this.#waitInLine(key, line, places, waitMaxMs, signal))) return null;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      line.inside -= 1;
      this.#admit(key, line);
    };
  }

  /** Lets in as many of the line's first as there are places for. Whoever is let in is counted at once. */
  #admit(key: string, line: Line): void {
    for (let next = line.waiting[0]; next && line.inside < next.places; next = line.waiting[0]) {
      line.inside += 1;
      next.admit();
    }
    if (line.inside === 0 && line.waiting.length === 0) this.#lines.delete(key);
  }

  #waitInLine(key: string, line: Line, places: number, waitMaxMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timeout);
        signal.removeEventListener('abort', onAbort);
        const place = line.waiting.indexOf(waiter);
        if (place >= 0) line.waiting.splice(place, 1);
        done();
      };
      // The one behind may need fewer places free than the one who leaves.
      const giveUp = (done: () => void) => {
        settle(done);
        this.#admit(key, line);
      };
      const waiter = { places, admit: () => settle(() => resolve(true)) };
      const onAbort = () => giveUp(() => reject(signal.reason));
      const timeout = setTimeout(() => giveUp(() => resolve(false)), Math.max(0, waitMaxMs));
      signal.addEventListener('abort', onAbort, { once: true });
      line.waiting.push(waiter);
    });
  }
}
