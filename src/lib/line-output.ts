import { write, writeSync } from 'node:fs';

/** Characters that wait for a reader that is slow; further lines are dropped. */
const WAITING_MAX = 4 * 1_048_576;

/** A pipe that is full is tried again after this time; at the end of the process so often, and then no more. */
const FULL_MS = 50;
const LAST_TRIES = 20;

/**
 * Writes lines to a file descriptor, in order, without making anybody wait. It never fails: what a full disk, a closed terminal or a pipe
 * without a reader does not take is dropped, since a process that cannot say what it does still has to do it.
 */
export class LineOutput {
  readonly #fd: number;
  #lines: string[] = [];
  #waiting = 0;
  #isWriting = false;
  /** What a full pipe is to be offered again. */
  #refused: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#waiting + line.length > WAITING_MAX) return;
    this.#lines.push(line);
    this.#waiting += line.length;
    if (!this.#isWriting) this.#writeNext();
  }

  /** For the end of the process: what waits is written now, or never. */
  flushSync(): void {
    let bytes = Buffer.concat([this.#refused, this.#takeLines()]);
    this.#refused = Buffer.alloc(0);
    for (let tries = 0; bytes.length > 0 && tries < LAST_TRIES; ) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch (error) {
        if (!isFull(error)) return;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
      }
    }
  }

  #takeLines(): Buffer {
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#waiting = 0;
    return bytes;
  }

  #writeNext(): void {
    const bytes = this.#takeLines();
    this.#isWriting = bytes.length > 0;
    if (this.#isWriting) this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (isFull(error)) {
        this.#refused = bytes;
        setTimeout(() => this.#sendAgain(), FULL_MS);
      } else if (error || written === bytes.length) this.#writeNext();
      else this.#send(bytes.subarray(written));
    });
  }

  #sendAgain(): void {
    const bytes = this.#refused;
    this.#refused = Buffer.alloc(0);
    // Nothing is left of it when it was written at once meanwhile.
    if (bytes.length > 0) this.#send(bytes);
    else this.#writeNext();
  }
}

const isFull = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EAGAIN';
