import { Worker } from 'node:worker_threads';
import type { PageMessage, ParseRequest, ThreadMessage, ThreadSettings } from './parse-message.ts';

/** A page on its way through a thread. */
export interface ParseTask {
  readonly id: number;
  readonly request: ParseRequest;
}

type EndReason = 'deadline' | 'memory' | 'crash' | 'not-started' | 'stopped';

/** Why a thread is no more. `at` is the page that it worked on, `behind` those that it had not begun. */
export interface ThreadEnd<Task extends ParseTask> {
  reason: EndReason;
  cause: Error | null;
  at: Task | null;
  behind: Task[];
}

interface ThreadPorts<Task extends ParseTask> {
  onAnswer: (task: Task, answer: Exclude<ThreadMessage, { type: 'ready' }>) => void;
  onEnd: (end: ThreadEnd<Task>) => void;
}

export interface ThreadOptions {
  settings: ThreadSettings;
  /** Time for one page, from its turn to its answer. */
  deadlineMs: number;
  /** Heap of the thread; a page that wants more ends it. */
  heapMb: number;
  /** After so many pages a thread takes no more: a parser's forgotten caches go with it. */
  pagesMax: number;
}

/** Pages that one thread has at once: one in work, one that follows without a pause. What waits behind is not copied yet. */
const PAGES_AHEAD = 2;

/** For trees that die young. V8 would take 120 MiB more for 5 % less CPU a page; with 48 each page costs 5 % more. */
const YOUNG_HEAP_MB = 72;

/** For loading the code; a thread that cannot do that on a busy machine cannot parse either. */
const START_MS = 30_000;

/** The code stands beside this file, under its own name: `.ts` in the source, `.js` or `.mjs` in a bundle. */
const ENTRY = new URL(`./parse-thread${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

/** One thread: hands it pages, watches the time of each, and tells what it answered or that it ended. */
export class ThreadSlot<Task extends ParseTask> {
  readonly #worker: Worker;
  readonly #ports: ThreadPorts<Task>;
  readonly #options: ThreadOptions;
  readonly #tasks: Task[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #ready = false;
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | null = null;
  #reason: EndReason | null = null;

  constructor(options: ThreadOptions, ports: ThreadPorts<Task>) {
    this.#options = options;
    this.#ports = ports;
    this.#worker = new Worker(ENTRY, {
      workerData: options.settings,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
      // A parser needs no settings, and what reads strangers' pages should hold no passwords.
      env: {},
      name: 'parse',
    });
    this.#worker.on('message', (message: ThreadMessage) => this.#hear(message));
    this.#worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', () => this.#end());
    this.#timer = setTimeout(() => this.#stop('not-started'), START_MS);
  }

  /** Whether another page may be handed over now. */
  get hasRoom(): boolean {
    return this.#tasks.length < PAGES_AHEAD && this.#reason === null && this.#taken < this.#options.pagesMax;
  }

  get isIdle(): boolean {
    return this.#tasks.length === 0;
  }

  /** True once it has taken all the pages that it may; it should be stopped when it is idle. */
  get isWorn(): boolean {
    return this.#taken >= this.#options.pagesMax;
  }

  /** Resolves when the thread is no more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** @throws DataCloneError when the input of the parser is not plain data; then nothing was handed over. */
  take(task: Task): void {
    const message: PageMessage = { id: task.id, request: task.request };
    this.#worker.postMessage(message);
    this.#tasks.push(task);
    this.#taken += 1;
    if (this.#ready && this.#tasks.length === 1) this.#watch();
  }

  /** Ends the thread at once; `onEnd` tells when it has. */
  stop(): void {
    this.#stop('stopped');
  }

  #stop(reason: EndReason): void {
    this.#reason ??= reason;
    clearTimeout(this.#timer);
    void this.#worker.terminate();
  }

  #hear(message: ThreadMessage): void {
    if (message.type === 'ready') this.#ready = true;
    else this.#settle(message);
    this.#watch();
  }

  #settle(message: Exclude<ThreadMessage, { type: 'ready' }>): void {
    const index = this.#tasks.findIndex(({ id }) => id === message.id);
    const [task] = index === -1 ? [] : this.#tasks.splice(index, 1);
    if (task) this.#ports.onAnswer(task, message);
  }

  /** Starts the time of the page whose turn it is. */
  #watch(): void {
    clearTimeout(this.#timer);
    const [task] = this.#tasks;
    if (!task || this.#reason !== null) return;
    this.#timer = setTimeout(() => {
      // Where this thread was busy, the answer may be waiting; it is read before setImmediate.
      setImmediate(() => {
        if (this.#tasks[0] === task) this.#stop('deadline');
      });
    }, this.#options.deadlineMs);
  }

  #end(): void {
    clearTimeout(this.#timer);
    const [at = null, ...behind] = this.#tasks.splice(0);
    this.#reason ??= this.#reasonOfFailure();
    this.#ports.onEnd({ reason: this.#reason, cause: this.#failure, at, behind });
    this.#ended.resolve();
  }

  #reasonOfFailure(): EndReason {
    if (this.#failure !== null && 'code' in this.#failure && this.#failure.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return 'memory';
    }
    return this.#ready ? 'crash' : 'not-started';
  }
}
