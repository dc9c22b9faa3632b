import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { checkAddress, isListed } from '#lib/net/address-guard.ts';
import { FetchFailureError } from './http-outcome.ts';

export type ResolveHost = (hostname: string) => Promise<LookupAddress[]>;

export interface ConnectorOptions {
  /** `host:port` entries that an admin lists although they are not public. */
  allow: readonly string[];
  connectTimeoutMs: number;
  resolve?: ResolveHost;
}

const DNS_TIMEOUT_MS = 5_000;

/**
 * Opens connections only to public addresses. A lookup hook alone is not enough: it is never called for literals. So
 * literals are checked before, every answer of DNS (one bad answer refuses all), and the address we really got.
 */
export function createGuardedConnector(options: ConnectorOptions): buildConnector.connector {
  const resolve = options.resolve ?? resolveBySystem;
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[|\]$/g, '');
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    // A listed name frees its own addresses, on this port, for this connection.
    const allow = isListed(hostname, port, options.allow) ? null : options.allow;
    const check = (address: string) => {
      const verdict = allow === null ? null : checkAddress(address, port, allow);
      if (verdict !== null && !verdict.ok)
        throw new FetchFailureError('address-refused', describe(hostname, verdict.reason));
    };
    try {
      if (isIP(hostname) !== 0) check(hostname);
    } catch (error) {
      callback(asError(error), null);
      return;
    }
    const connect = buildConnector({
      allowH2: false,
      timeout: options.connectTimeoutMs,
      lookup: guardedLookup(resolve, check),
    });
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const refusal = refusalOf(socket, check);
      if (refusal === null) return callback(null, socket);
      socket.destroy();
      callback(refusal, null);
    });
  };
}

function guardedLookup(resolve: ResolveHost, check: (address: string) => void): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    withDeadline(resolve(hostname), hostname).then(
      (addresses) => {
        try {
          for (const { address } of addresses) check(address);
        } catch (error) {
          return callback(asError(error), []);
        }
        const first = addresses[0];
        if (first === undefined) return callback(notFound(hostname), []);
        if (lookupOptions.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(asError(error), []),
    );
  };
}

function refusalOf(socket: Socket, check: (address: string) => void): Error | null {
  try {
    check(socket.remoteAddress ?? '');
    return null;
  } catch (error) {
    return asError(error);
  }
}

function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

async function withDeadline<T>(work: Promise<T>, hostname: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new FetchFailureError('dns-unavailable', `DNS did not answer for "${hostname}" in ${DNS_TIMEOUT_MS} ms`),
        ),
      DNS_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function notFound(hostname: string): Error {
  return new FetchFailureError('host-unknown', `DNS knows no address of "${hostname}"`);
}

function describe(hostname: string, reason: string): string {
  return `"${hostname}" may not be asked: ${reason}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
