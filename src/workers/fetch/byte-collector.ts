const FIRST_BYTES = 16 * 1024;
const EXPECTED_BYTES_MAX = 256 * 1024;

/**
 * Puts a body together. Chunks are copied into one growing buffer: a server that sends single bytes would otherwise make
 * an object of each, a hundred times its size.
 */
export class ByteCollector {
  #buffer: Buffer;
  #length = 0;

  /** @param expectedBytes what was announced; a lie costs at most 256 KiB. */
  constructor(expectedBytes: number) {
    const known = Number.isSafeInteger(expectedBytes) && expectedBytes > 0;
    this.#buffer = Buffer.allocUnsafeSlow(known ? Math.min(expectedBytes, EXPECTED_BYTES_MAX) : FIRST_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** All bytes so far, not copied. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
