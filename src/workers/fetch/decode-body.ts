import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { FetchFailureError } from './http-outcome.ts';

/** What we ask for, and nothing else is decoded. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

const ENCODINGS_MAX = 2;

/** A zstd window above 8 MiB (RFC 8878 section 3.1.1.1.2) is refused: it would be allocated before a byte is decoded. */
const ZSTD_WINDOW_LOG_MAX = 23;

/** Fewer, larger pieces: a body of 10 MiB takes 160 turns of the event loop instead of 640. */
const CHUNK_BYTES = 64 * 1024;

interface DecodeOptions {
  maxOutputLength: number;
  chunkSize: number;
}

type Decoder = (body: Buffer, options: DecodeOptions) => Promise<Buffer>;

const gunzip: Decoder = promisify(zlib.gunzip);
const inflate: Decoder = promisify(zlib.inflate);
const inflateRaw: Decoder = promisify(zlib.inflateRaw);
const zstdDecompress = promisify(zlib.zstdDecompress);

/** They run in libuv's threads, and stop as soon as they pass `maxOutputLength`. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  br: promisify(zlib.brotliDecompress),
  // "deflate" means zlib (RFC 9110 section 8.4.1.2), but some servers send it raw; the first byte tells.
  deflate: (body, options) => (((body[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(body, options),
  zstd: (body, options) =>
    zstdDecompress(body, { ...options, params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } }),
};

/**
 * The encodings of a Content-Encoding header in the order they are undone.
 * @throws FetchFailureError 'bad-encoding' for more than two, or an unknown one.
 */
export function listEncodings(header: string | undefined): string[] {
  const names = (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > ENCODINGS_MAX) {
    throw badEncoding(`The body is encoded ${names.length} times; ${ENCODINGS_MAX} are accepted`);
  }
  const unknown = names.find((name) => !Object.hasOwn(DECODERS, name));
  if (unknown !== undefined) throw badEncoding(`The Content-Encoding "${unknown.slice(0, 100)}" is not known`);
  return names.reverse();
}

/**
 * Undoes the encodings of a body. Memory stays within the limit, because each stage stops there.
 * @throws FetchFailureError 'too-large', 'incomplete' or 'bad-encoding'.
 */
export async function decodeBody(body: Buffer, encodings: readonly string[], bytesMax: number): Promise<Buffer> {
  let decoded = body;
  for (const name of encodings) {
    const decode = DECODERS[name];
    if (decode === undefined) throw badEncoding(`The Content-Encoding "${name}" is not known`);
    try {
      decoded = await decode(decoded, { maxOutputLength: bytesMax, chunkSize: CHUNK_BYTES });
    } catch (error) {
      throw failureOf(error, bytesMax);
    }
  }
  return decoded;
}

/** Data that ends early is an incomplete body; other complaints of a decoder are about the data. */
function failureOf(error: unknown, bytesMax: number): FetchFailureError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return new FetchFailureError('too-large', `The body has more than ${bytesMax} bytes decoded`, error);
  }
  if (code === 'Z_BUF_ERROR') return new FetchFailureError('incomplete', 'The compressed body ends early', error);
  return badEncoding(`The body is not in its Content-Encoding (${code})`, error);
}

function badEncoding(message: string, cause?: unknown): FetchFailureError {
  return new FetchFailureError('bad-encoding', message, cause);
}
