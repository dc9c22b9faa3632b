import type { Socket } from 'node:net';
import { FetchFailureError } from '../http-outcome.ts';

/** Reads what a proxy answers before its tunnel is open, byte by byte as asked, and tells when it closes or takes too long. */
export class HandshakeReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);
  #failure: FetchFailureError | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('data', this.#onData).on('end', this.#onClose).on('close', this.#onClose).on('error', this.#onClose);
    // A socket that is itself a tunnel comes paused.
    socket.resume();
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    else if (socket.destroyed) this.#onClose();
  }

  /** @throws FetchFailureError 'proxy-broken'. */
  read(length: number): Promise<Buffer> {
    return this.#take(() => (this.#bytes.length >= length ? length : null));
  }

  /**
   * Reads up to and including `end`.
   * @throws FetchFailureError 'proxy-broken', also when `end` has not come after `bytesMax` bytes.
   */
  readThrough(end: string, bytesMax: number): Promise<Buffer> {
    return this.#take(() => {
      const at = this.#bytes.subarray(0, bytesMax).indexOf(end, 0, 'latin1');
      if (at >= 0) return at + Buffer.byteLength(end);
      if (this.#bytes.length < bytesMax) return null;
      throw broken(`The proxy sent more than ${bytesMax} bytes before it opened the tunnel`);
    });
  }

  /**
   * Hands the socket on, paused and without listeners of ours.
   * @throws FetchFailureError 'proxy-broken' when bytes have come that nobody asked for: they are the proxy's own words.
   */
  release(): void {
    this.#socket.pause();
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onClose)
      .off('close', this.#onClose)
      .off('error', this.#onClose);
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#failure !== null) throw this.#failure;
    if (this.#bytes.length > 0) throw broken('The proxy spoke in the tunnel before it was asked');
  }

  async #take(findLength: () => number | null): Promise<Buffer> {
    for (;;) {
      const length = findLength();
      if (length !== null) {
        const taken = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        return taken;
      }
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #onData = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake?.();
  };

  #onClose = (): void => this.#fail('The proxy closed the connection before the tunnel was open');

  #onAbort = (): void => this.#fail('The proxy did not open the tunnel in time');

  #fail(message: string): void {
    this.#failure ??= broken(message);
    this.#wake?.();
  }
}

function broken(message: string): FetchFailureError {
  return new FetchFailureError('proxy-broken', message);
}
