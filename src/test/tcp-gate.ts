/** Lets pass or holds; whoever waits goes on when it opens. */
export class TcpGate {
  #opening: PromiseWithResolvers<void> | null = null;

  setClosed(closed: boolean): void {
    if (closed) {
      this.#opening ??= Promise.withResolvers<void>();
      return;
    }
    this.#opening?.resolve();
    this.#opening = null;
  }

  /** Resolves at once while it is open. */
  async open(): Promise<void> {
    // It may have been closed again before this goes on.
    while (this.#opening) await this.#opening.promise;
  }
}
