import { deserialize } from 'node:v8';
import { type AppError, ParseLimitError, ShutdownError } from '#lib/errors.ts';
import type { PageParser } from '#lib/scrapers/page-parser.ts';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { checkLength } from './markup-guard.ts';
import type { HtmlParser } from './open-page.ts';
import { PARSE_LIMITS, type ParseLimits } from './parse-limits.ts';
import type { ParseRequest } from './parse-message.ts';
import { fromThreadError, parserFailed, toThreadError } from './thread-error.ts';
import { type ParseTask, type ThreadEnd, type ThreadOptions, ThreadSlot } from './thread-slot.ts';

export interface ParsePoolOptions {
  /** The module whose PARSERS the threads know, in place of src/workers/scrapers/parsers.ts; absolute. */
  parsersModule?: string | undefined;
  threadsMax?: number;
  /** Time for one page, in ms; default 5 s. */
  deadlineMs?: number;
  /** Heap of one thread. */
  heapMb?: number;
  /** Pages of one thread before it is replaced. */
  pagesMax?: number;
  /** A thread without work ends after so many ms. */
  idleMs?: number;
  limits?: Partial<ParseLimits>;
}

interface Waiting extends ParseTask {
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
  /** Nobody waits for it any more. */
  isDropped: boolean;
}

/** A second thread is started for a page that has waited so long: one keeps up with any polite fetching. */
const PATIENCE_MS = 250;

/**
 * Parses pages in threads of this process, which are started when there is work and end when there is none. A page that takes
 * too long or too much memory ends its thread and fails alone: those behind it go to the next thread.
 * Only one allocation that is larger than the whole heap ends the process, since V8 knows no other way; the limits keep markup
 * from causing one, and the manager replaces a worker that a parser has ended.
 *
 * Only the pages in a thread are copied (two each); a page that waits is the one its caller holds anyway.
 */
export class ParsePool {
  readonly #threadOptions: ThreadOptions;
  readonly #threadsMax: number;
  readonly #idleMs: number;
  /** Each with the timer that ends it when nothing comes. */
  readonly #threads = new Map<ThreadSlot<Waiting>, NodeJS.Timeout | undefined>();
  #waiting: Waiting[] = [];
  #helpTimer: NodeJS.Timeout | null = null;
  #lastId = 0;
  #isClosed = false;

  constructor(options: ParsePoolOptions = {}) {
    this.#threadsMax = options.threadsMax ?? 2;
    this.#idleMs = options.idleMs ?? 30_000;
    this.#threadOptions = {
      settings: { limits: { ...PARSE_LIMITS, ...options.limits }, parsersModule: options.parsersModule ?? null },
      deadlineMs: options.deadlineMs ?? 5_000,
      heapMb: options.heapMb ?? 256,
      pagesMax: options.pagesMax ?? 10_000,
    };
  }

  /** Threads that exist now. */
  get threadCount(): number {
    return this.#threads.size;
  }

  /**
   * Parses one page and gives what its parser makes of it.
   * @throws ParseLimitError for a page beyond a limit, the deadline or the memory; PageParseError where the parser itself
   *   fails; LayoutChangedError or PageGoneError where it says so; the signal's reason, at once.
   */
  async parse<Output, Input>(
    page: FetchedPage,
    parser: PageParser<Output, Input>,
    input: Input,
    options: { htmlParser: HtmlParser; signal: AbortSignal },
  ): Promise<Output> {
    const { signal, htmlParser } = options;
    signal.throwIfAborted();
    const { url, finalUrl, text } = page;
    const request: ParseRequest = {
      page: { url, finalUrl, text },
      parser: { name: parser.name, module: parser.module },
      htmlParser,
      input,
    };
    return (await this.#run(request, signal)) as Output;
  }

  /** Ends all threads; pages that wait are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#helpTimer) clearTimeout(this.#helpTimer);
    for (const task of this.#waiting.splice(0)) task.reject(poolClosed());
    for (const slot of this.#threads.keys()) slot.stop();
    await Promise.all([...this.#threads.keys()].map((slot) => slot.ended));
  }

  async #run(request: ParseRequest, signal: AbortSignal): Promise<unknown> {
    if (this.#isClosed) throw poolClosed();
    refuseLength(request, this.#threadOptions.settings.limits);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    const task: Waiting = { id: this.#lastId, request, resolve, reject, isDropped: false };
    const drop = () => {
      task.isDropped = true;
      this.#waiting = this.#waiting.filter((waiting) => waiting !== task);
      reject(signal.reason);
    };
    signal.addEventListener('abort', drop, { once: true });
    this.#waiting.push(task);
    this.#handOut();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', drop);
    }
  }

  /** Gives threads the pages that wait, as far as there is room. */
  #handOut(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#findRoom();
      if (!slot) break;
      const task = this.#waiting.shift();
      if (task) this.#hand(slot, task);
    }
    if (this.#waiting.length > 0 && this.#threads.size < this.#threadsMax) this.#callHelp();
  }

  #findRoom(): ThreadSlot<Waiting> | null {
    const free = [...this.#threads.keys()].filter((slot) => slot.hasRoom);
    const slot = free.find(({ isIdle }) => isIdle) ?? free[0];
    if (slot) return slot;
    return this.#threads.size === 0 ? this.#startThread() : null;
  }

  #hand(slot: ThreadSlot<Waiting>, task: Waiting): void {
    clearTimeout(this.#threads.get(slot));
    try {
      slot.take(task);
    } catch (error) {
      // Only an input that cannot be cloned gets here.
      task.reject(parserFailed(task.request, error instanceof Error ? error : new Error(String(error))));
    }
  }

  #callHelp(): void {
    this.#helpTimer ??= setTimeout(() => {
      this.#helpTimer = null;
      if (this.#waiting.length === 0 || this.#threads.size >= this.#threadsMax) return;
      this.#startThread();
      this.#handOut();
    }, PATIENCE_MS);
  }

  #startThread(): ThreadSlot<Waiting> {
    const slot: ThreadSlot<Waiting> = new ThreadSlot<Waiting>(this.#threadOptions, {
      onAnswer: (task, answer) => {
        if (answer.type === 'parsed') task.resolve(deserialize(answer.result));
        else task.reject(fromThreadError(answer.error, task.request));
        this.#handOut();
        this.#rest(slot);
      },
      onEnd: (end) => this.#bury(slot, end),
    });
    this.#threads.set(slot, undefined);
    return slot;
  }

  /** A thread without work ends: soon when it has done its share, else when nothing comes for a while. */
  #rest(slot: ThreadSlot<Waiting>): void {
    if (!slot.isIdle) return;
    if (slot.isWorn) slot.stop();
    else this.#threads.set(slot, setTimeout(() => slot.stop(), this.#idleMs).unref());
  }

  #bury(slot: ThreadSlot<Waiting>, end: ThreadEnd<Waiting>): void {
    clearTimeout(this.#threads.get(slot));
    this.#threads.delete(slot);
    const lost = this.#isClosed || end.reason === 'not-started' ? [end.at, ...end.behind] : [end.at];
    for (const task of lost) task?.reject(this.#isClosed ? poolClosed() : this.#errorOf(end, task.request));
    if (this.#isClosed) return;
    if (end.reason !== 'not-started') this.#waiting.unshift(...end.behind.filter((task) => !task.isDropped));
    this.#handOut();
  }

  #errorOf({ reason, cause }: ThreadEnd<Waiting>, request: ParseRequest): AppError {
    const { deadlineMs, heapMb } = this.#threadOptions;
    if (reason === 'deadline') return beyond(request, 'deadlineMs', deadlineMs, `it takes more than ${deadlineMs} ms`);
    if (reason === 'memory') return beyond(request, 'heapMb', heapMb, `it takes more than ${heapMb} MiB of memory`);
    return parserFailed(request, cause ?? new Error('its thread ended'));
  }
}

function refuseLength(request: ParseRequest, limits: ParseLimits): void {
  try {
    checkLength(request.page.text, limits);
  } catch (error) {
    throw fromThreadError(toThreadError(error), request);
  }
}

function beyond(request: ParseRequest, limit: string, max: number, what: string): ParseLimitError {
  const { url } = request.page;
  return new ParseLimitError(`"${url}" is not parsed: ${what}`, {
    context: { limit, max, url, parser: request.parser.name },
  });
}

const poolClosed = (): ShutdownError => new ShutdownError('The worker stops; nothing more is parsed');
