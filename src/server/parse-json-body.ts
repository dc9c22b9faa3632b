import { ApiError } from './api-error.ts';
import { mendBadText } from './mend-bad-text.ts';
import { refuseBadText } from './refuse-bad-text.ts';

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Reads a request's JSON body, an object, with our own limit: the size that is declared and the bytes that come are both
 * counted, since the framework would cut a large body silently. An empty body counts as {} and needs no content type.
 * @param badText what becomes of text that PostgreSQL cannot store: 'mend' is for what programs copy from pages of others.
 * @throws ApiError 415, 413 or 400; deep nesting is refused here too.
 */
export async function readJsonBody(
  request: Request,
  maxBytes = BODY_BYTES_MAX,
  badText: 'refuse' | 'mend' = 'refuse',
): Promise<Record<string, unknown>> {
  const type = contentType(request);
  if (type !== '') requireJsonType(type);
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return {};
  requireJsonType(type);
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError('invalid_request', `The body must be a JSON object, not ${nameOf(value)}.`, {
      details: [{ field: 'body', message: 'must be a JSON object' }],
    });
  }
  if (badText === 'mend') mendBadText(value);
  refuseBadText(value);
  return value as Record<string, unknown>;
}

/** Without parameters, in lower case; empty where it is not said. */
function contentType(request: Request): string {
  return request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** A form of another site can only send the three simple content types, so asking for JSON keeps it out. */
function requireJsonType(type: string): void {
  if (type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type)) return;
  throw new ApiError('not_json', `The content type is "${type.slice(0, 100)}"; send "application/json".`, {
    details: [{ field: 'content-type', message: 'must be application/json' }],
  });
}

async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (request.body === null) return Buffer.alloc(0);
  // Leaving the loop by an error cancels the stream.
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ApiError('invalid_json', 'The body is not JSON in UTF-8.', {
      details: [{ field: 'body', message: 'must be JSON in UTF-8' }],
      cause: error,
    });
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('body_too_large', `The body is larger than ${maxBytes} bytes.`, {
    details: [{ field: 'body', message: `must have at most ${maxBytes} bytes` }],
  });
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
