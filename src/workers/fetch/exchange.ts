import type { Dispatcher } from 'undici';
import { ByteCollector } from './byte-collector.ts';
import { FetchFailureError } from './http-outcome.ts';

export interface BodyLimits {
  /** As sent. */
  wireBytesMax: number;
  /** After each stage of decompression. */
  decodedBytesMax: number;
  /** Below this many bytes a second, measured from `rateFromMs` on, the body is given up. */
  rateBytesPerSecondMin: number;
  rateFromMs: number;
}

export const BODY_LIMITS: BodyLimits = {
  wireBytesMax: 5 * 1024 * 1024,
  decodedBytesMax: 10 * 1024 * 1024,
  rateBytesPerSecondMin: 1024,
  rateFromMs: 10_000,
};

/** Interim answers before the real one; a few hints are usual, a stream of them is not. */
const INTERIM_ANSWERS_MAX = 16;

/** As it came, not decoded. */
export interface RawAnswer {
  status: number;
  /** Lower-case names; repeated ones are joined with ", ". */
  headers: Record<string, string>;
  body: Buffer;
}

export interface ExchangeOptions {
  limits: BodyLimits;
  /** Called once, when the request is about to be written. */
  onSent?: () => void;
  /** Called once, when the headers of the real answer have come. */
  onAnswer?: () => void;
}

/**
 * One request in the hands of undici. Collects the answer within the limits; what comes after the end is dropped, and an
 * exchange that ended before its turn came is never written.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** The answer, or what broke it. */
  readonly answer: Promise<RawAnswer>;
  readonly #options: ExchangeOptions;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #end: { error: Error | null } | null = null;
  #interimAnswers = 0;
  #head: Omit<RawAnswer, 'body'> | null = null;
  #body: ByteCollector | null = null;
  #meter: NodeJS.Timeout | undefined;

  constructor(options: ExchangeOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#options = options;
    // The one who waits may be gone when it breaks.
    promise.catch(() => {});
  }

  /** Whether the headers of the real answer have come. */
  get answered(): boolean {
    return this.#head !== null;
  }

  /** Bytes of the body so far, as sent. */
  get wireBytes(): number {
    return this.#body?.length ?? 0;
  }

  /** Breaks the exchange off, and its connection with it. Does nothing after the end. */
  abort(error: Error): void {
    if (!this.#finish(error)) return;
    this.#controller?.abort(error);
    this.#reject(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end === null) this.#options.onSent?.();
    else controller.abort(this.#end.error ?? new Error('The exchange is over'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (status < 200) {
      this.#countInterim();
      return;
    }
    const head = { status, headers: plainHeaders(headers) };
    this.#head = head;
    this.#options.onAnswer?.();
    if (status >= 300 && status < 400 && head.headers.location !== undefined) this.#answerWithoutBody(head);
    else this.#expectBody(Number(head.headers['content-length']));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end !== null || this.#body === null) return;
    this.#body.add(chunk);
    const { wireBytesMax } = this.#options.limits;
    if (this.#body.length > wireBytesMax) this.abort(this.#tooLarge('more'));
  }

  onResponseEnd(): void {
    const [head, body] = [this.#head, this.#body];
    if (head === null || body === null || !this.#finish(null)) return;
    // undici frees the connection one turn later; a request that comes earlier would open another.
    queueMicrotask(() => setImmediate(() => this.#resolve({ ...head, body: body.bytes() })));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#finish(error)) this.#reject(error);
  }

  /** Of a redirect only the place counts; its body is not waited for. */
  #answerWithoutBody(head: Omit<RawAnswer, 'body'>): void {
    if (!this.#finish(null)) return;
    this.#resolve({ ...head, body: Buffer.alloc(0) });
    // A body that is still to come is cut off; one that has ended leaves the connection in peace.
    if (head.headers['content-length'] !== '0')
      this.#controller?.abort(new Error('Only the place of a redirect counts'));
  }

  #expectBody(announcedBytes: number): void {
    if (announcedBytes > this.#options.limits.wireBytesMax) {
      this.abort(this.#tooLarge(`${announcedBytes} bytes`));
      return;
    }
    this.#body = new ByteCollector(announcedBytes);
    this.#startMeter();
  }

  #countInterim(): void {
    this.#interimAnswers += 1;
    if (this.#interimAnswers <= INTERIM_ANSWERS_MAX) return;
    this.abort(new FetchFailureError('too-large', `More than ${INTERIM_ANSWERS_MAX} interim answers came`));
  }

  /** undici's own limit on silence in a body never passes while single bytes drip in. */
  #startMeter(): void {
    const startedAt = performance.now();
    const { rateFromMs, rateBytesPerSecondMin } = this.#options.limits;
    this.#meter = setInterval(
      () => {
        const elapsedMs = performance.now() - startedAt;
        if (elapsedMs < rateFromMs || this.wireBytes >= (rateBytesPerSecondMin * elapsedMs) / 1000) return;
        const rate = Math.round((this.wireBytes * 1000) / elapsedMs);
        this.abort(new FetchFailureError('too-slow', `The body came at ${rate} bytes a second`));
      },
      Math.min(1000, rateFromMs),
    );
  }

  /** @returns whether this is the end; there is only one. */
  #finish(error: Error | null): boolean {
    if (this.#end !== null) return false;
    this.#end = { error };
    clearInterval(this.#meter);
    return true;
  }

  #tooLarge(what: string): FetchFailureError {
    const { wireBytesMax } = this.#options.limits;
    return new FetchFailureError('too-large', `The body has ${what}; at most ${wireBytesMax} bytes are read`);
  }
}

type RawHeaders = Record<string, string | string[] | undefined>;

function plainHeaders(headers: RawHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
