import type { Socket } from 'node:net';
import { FetchFailureError } from '../http-outcome.ts';
import type { HandshakeReader } from './handshake-reader.ts';
import { type Endpoint, formatEndpoint } from './opener.ts';

export interface Credentials {
  username: string | null;
  password: string | null;
}

/** Enough for any real proxy; undici allows a site as much. */
const HEAD_BYTES_MAX = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):(.*)$/;

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6), once.
 * @throws FetchFailureError 'proxy-auth', 'proxy-refused' or 'proxy-broken'.
 */
export async function requestHttpTunnel(
  socket: Socket,
  reader: HandshakeReader,
  endpoint: Endpoint,
  credentials: Credentials,
): Promise<void> {
  const authority = formatEndpoint(endpoint);
  const authorization = basicAuthorization(credentials);
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `host: ${authority}`,
    ...(authorization === null ? [] : [`proxy-authorization: ${authorization}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await reader.readThrough('\r\n\r\n', HEAD_BYTES_MAX);
  judgeAnswer(head, authorization !== null);
}

/** The value of Proxy-Authorization, or null without credentials. */
export function basicAuthorization({ username, password }: Credentials): string | null {
  if (username === null) return null;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

/** Returns only when the answer opens a tunnel and promises nothing else. */
function judgeAnswer(head: Buffer, withCredentials: boolean): void {
  const { status, headers } = parseHead(head);
  // 401 is how tinyproxy says that a password is wrong.
  if (status === 407 || status === 401) throw credentialsRefused(status, withCredentials);
  if (status >= 300) {
    throw new FetchFailureError('proxy-refused', `The proxy answered CONNECT with status ${status}`);
  }
  if (status < 200) throw broken(`answered CONNECT with status ${status}`);
  // No answer to CONNECT has a body; whoever announces one is about to send a page of its own.
  const hasBody = headers.has('transfer-encoding') || /[^0]/.test(headers.get('content-length') ?? '0');
  if (hasBody) throw broken('announced a page of its own instead of a tunnel');
}

/** In the words of what we had sent. */
export function credentialsRefused(status: number, withCredentials: boolean): FetchFailureError {
  const message = withCredentials ? 'The proxy refused the user name and password' : 'The proxy asks for a user name';
  return new FetchFailureError('proxy-auth', `${message} (status ${status})`);
}

/** Strict: a head that is not HTTP to the letter is not an answer. */
function parseHead(head: Buffer): { status: number; headers: Map<string, string> } {
  const [statusLine = '', ...lines] = head.toString('latin1').slice(0, -4).split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1]);
  if (!(status > 0)) throw broken('does not speak HTTP');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) throw broken('sent a header that is none');
    headers.set(name.toLowerCase(), value.trim());
  }
  return { status, headers };
}

function broken(what: string): FetchFailureError {
  return new FetchFailureError('proxy-broken', `The proxy ${what}`);
}
