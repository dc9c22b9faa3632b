import { isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { FetchFailureError } from '../http-outcome.ts';
import type { HandshakeReader } from './handshake-reader.ts';
import type { Credentials } from './http-tunnel.ts';
import type { Endpoint } from './opener.ts';

const VERSION = 5;
const AUTH_VERSION = 1;
const NO_AUTH = 0;
const USER_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** RFC 1928 section 6. */
const REPLIES: Record<number, string> = {
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'time to live expired',
  7: 'command not supported',
  8: 'address type not supported',
};

/**
 * Asks a SOCKS5 proxy for a connection (RFC 1928, with user name and password as in RFC 1929), once.
 * @throws FetchFailureError 'proxy-auth', 'proxy-refused' or 'proxy-broken'.
 */
export async function requestSocks5Tunnel(
  socket: Socket,
  reader: HandshakeReader,
  endpoint: Endpoint,
  credentials: Credentials,
): Promise<void> {
  const methods = credentials.username === null ? [NO_AUTH] : [NO_AUTH, USER_PASSWORD];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method = NONE_ACCEPTABLE] = await reader.read(2);
  if (version !== VERSION) throw broken('does not speak SOCKS5');
  if (method === NONE_ACCEPTABLE) throw wantsOtherCredentials(credentials);
  if (!methods.includes(method)) throw broken(`chose the method ${method}, which was not offered`);
  if (method === USER_PASSWORD) await signIn(socket, reader, credentials);
  socket.write(Buffer.from([VERSION, CONNECT, 0, ...encodeEndpoint(endpoint)]));
  await readReply(reader);
}

async function signIn(socket: Socket, reader: HandshakeReader, credentials: Credentials): Promise<void> {
  const username = encodeText(credentials.username ?? '');
  const password = encodeText(credentials.password ?? '');
  if (username === null || password === null) throw wantsOtherCredentials(credentials);
  socket.write(Buffer.from([AUTH_VERSION, ...username, ...password]));
  const [version, status] = await reader.read(2);
  if (version !== AUTH_VERSION) throw broken('does not speak SOCKS5');
  if (status !== 0) throw wantsOtherCredentials(credentials);
}

async function readReply(reader: HandshakeReader): Promise<void> {
  const [version, reply = 1, , type] = await reader.read(4);
  if (version !== VERSION) throw broken('does not speak SOCKS5');
  if (reply !== 0) {
    const words = REPLIES[reply] ?? 'an unknown reason';
    throw new FetchFailureError('proxy-refused', `The proxy answered ${reply}: ${words}`);
  }
  // The address it connects from. It is of no use to us, but has to be read.
  if (type === IPV4) await reader.read(4 + 2);
  else if (type === IPV6) await reader.read(16 + 2);
  else if (type === NAME) await reader.read(((await reader.read(1))[0] ?? 0) + 2);
  else throw broken(`answered with the address type ${type}`);
}

function encodeEndpoint({ host, port }: Endpoint): number[] {
  const portBytes = [port >> 8, port & 0xff];
  const family = isIP(host);
  if (family === 0) {
    const name = encodeText(host);
    if (name === null) throw new FetchFailureError('proxy-refused', 'The name of the host is too long for SOCKS5');
    return [NAME, ...name, ...portBytes];
  }
  return [family === 4 ? IPV4 : IPV6, ...ipaddr.parse(host).toByteArray(), ...portBytes];
}

/** One byte of length, then UTF-8; null where the length does not fit. */
function encodeText(text: string): Buffer | null {
  const bytes = Buffer.from(text);
  return bytes.length > 255 ? null : Buffer.from([bytes.length, ...bytes]);
}

function wantsOtherCredentials({ username }: Credentials): FetchFailureError {
  const message = username === null ? 'The proxy asks for a user name' : 'The proxy refused the user name and password';
  return new FetchFailureError('proxy-auth', message);
}

function broken(what: string): FetchFailureError {
  return new FetchFailureError('proxy-broken', `The proxy ${what}`);
}
