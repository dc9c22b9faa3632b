import { PassThrough, type Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
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

/** What we ask for, and nothing else is decoded. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

const ENCODINGS_MAX = 2;

/** A zstd window above 8 MiB (RFC 8878 section 3.1.1.1.2) is refused: it would be allocated before a byte is decoded. */
const ZSTD_WINDOW_LOG_MAX = 23;

/**
 * The encodings of a Content-Encoding header in the order they are undone.
 * @throws FetchFailureError for more than two, or an unknown one.
 */
export function listEncodings(header: string | undefined): string[] {
  const names = (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > ENCODINGS_MAX) {
    throw new FetchFailureError(
      'bad-encoding',
      `The body is encoded ${names.length} times; ${ENCODINGS_MAX} are accepted`,
    );
  }
  const unknown = names.find((name) => !['gzip', 'x-gzip', 'deflate', 'br', 'zstd'].includes(name));
  if (unknown !== undefined)
    throw new FetchFailureError('bad-encoding', `The Content-Encoding "${unknown}" is not known`);
  return names.reverse();
}

/**
 * Reads a body to its end, undoing its encodings, and stops as soon as a limit is passed; memory stays within the limits
 * because each stage is counted on its way.
 * @param onWireBytes told of every chunk as it was sent.
 * @throws FetchFailureError, or the error of the connection.
 */
export async function readBody(
  body: Readable,
  encodings: readonly string[],
  limits: BodyLimits,
  onWireBytes: (bytes: number) => void,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const meter = startRateMeter(body, limits);
  let empty = true;
  const wire = counter(limits.wireBytesMax, 'as sent', (bytes) => {
    empty = false;
    meter.add(bytes);
    onWireBytes(bytes);
  });
  const stages = encodings.flatMap((name) => [
    createDecoder(name),
    counter(limits.decodedBytesMax, 'decoded', () => {}),
  ]);
  try {
    await pipeline([body, wire, ...stages, collectInto(chunks)]);
  } catch (error) {
    // An answer without a body may well name an encoding.
    if (!(empty && isDecoderError(error))) throw meter.failure() ?? decoderFailure(error);
  } finally {
    meter.stop();
  }
  return Buffer.concat(chunks);
}

function collectInto(chunks: Buffer[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
}

/** Passes everything on until more than `bytesMax` went through. */
function counter(bytesMax: number, what: string, onBytes: (bytes: number) => void): PassThrough {
  let seen = 0;
  const stage = new PassThrough();
  stage._transform = (chunk: Buffer, _encoding, callback) => {
    seen += chunk.length;
    onBytes(chunk.length);
    if (seen <= bytesMax) callback(null, chunk);
    else callback(new FetchFailureError('too-large', `The body has more than ${bytesMax} bytes ${what}`));
  };
  return stage;
}

function createDecoder(name: string): Transform {
  if (name === 'br') return zlib.createBrotliDecompress();
  if (name === 'deflate') return createInflateEither();
  if (name !== 'zstd') return zlib.createGunzip();
  return zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } });
}

/** "deflate" means zlib (RFC 9110 section 8.4.1.2), but some servers send it raw; the first byte tells. */
function createInflateEither(): Transform {
  const stage = new PassThrough();
  let inner: Transform | null = null;
  const open = (first: number): Transform => {
    const inflate = (first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();
    inflate.on('data', (chunk: Buffer) => {
      if (!stage.push(chunk)) inflate.pause();
    });
    inflate.on('error', (error) => stage.destroy(error));
    return inflate;
  };
  const superRead = stage._read.bind(stage);
  stage._read = (size) => {
    inner?.resume();
    superRead(size);
  };
  stage._transform = (chunk: Buffer, _encoding, callback) => {
    inner ??= open(chunk[0] ?? 0);
    inner.write(chunk, () => callback());
  };
  stage._flush = (callback) => {
    if (inner === null) return callback();
    inner.once('end', () => callback());
    inner.end();
  };
  stage.once('close', () => inner?.destroy());
  return stage;
}

/** Destroys a body that comes too slowly; undici's body timeout never fires while single bytes drip in. */
function startRateMeter(body: Readable, limits: BodyLimits) {
  const startedAt = performance.now();
  let seen = 0;
  let failure: FetchFailureError | null = null;
  const timer = setInterval(
    () => {
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs < limits.rateFromMs || seen >= (limits.rateBytesPerSecondMin * elapsedMs) / 1000) return;
      failure = new FetchFailureError(
        'too-slow',
        `The body came at ${Math.round((seen * 1000) / elapsedMs)} bytes a second`,
      );
      body.destroy(failure);
    },
    Math.min(1000, limits.rateFromMs),
  );
  return {
    add: (bytes: number) => {
      seen += bytes;
    },
    failure: () => failure,
    stop: () => clearInterval(timer),
  };
}

function isDecoderError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(?:Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD|ZSTD_|ERR_ZLIB)/.test(String(error.code))
  );
}

/** Data that ends early is an incomplete body; other complaints of a decoder are about the data. */
function decoderFailure(error: unknown): unknown {
  if (!isDecoderError(error)) return error;
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'Z_BUF_ERROR') return new FetchFailureError('incomplete', 'The compressed body ends early', error);
  return new FetchFailureError('bad-encoding', `The body is not in its Content-Encoding (${String(code)})`, error);
}
