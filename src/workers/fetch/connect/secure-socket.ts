import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { FetchFailureError } from '../http-outcome.ts';
import { type Endpoint, formatEndpoint } from './opener.ts';
import { unlessAborted } from './unless-aborted.ts';

/**
 * Speaks TLS over an open socket to the holder of `endpoint.host`, whose certificate is verified for that name.
 * @throws the error of TLS, or FetchFailureError 'timeout' when the signal is aborted; the socket is closed in both cases.
 */
export type SecureSocket = (socket: Socket, endpoint: Endpoint, signal: AbortSignal) => Promise<Socket>;

export interface TlsOptions {
  /** Offers HTTP/2 in the handshake. */
  http2: boolean;
  /** PEM certificates to trust in place of the system's. */
  ca?: string;
}

/** Remembers sessions per name, so a second connection costs less. */
export function createSecureSocket({ http2, ca }: TlsOptions): SecureSocket {
  // The timer is ours, because the sockets below have to be closed too.
  const connect = buildConnector({ allowH2: http2, preferH2: http2, timeout: 0, ...(ca === undefined ? {} : { ca }) });
  return (socket, endpoint, signal) => {
    const { host, port } = endpoint;
    const secured = new Promise<Socket>((resolve, reject) => {
      const target = { protocol: 'https:', hostname: host, host, port: String(port), httpSocket: socket };
      connect(target, (error, secure) => (error === null ? resolve(secure) : reject(error)));
    });
    secured.catch(() => socket.destroy());
    return unlessAborted(secured, signal, () => {
      socket.destroy();
      return new FetchFailureError('timeout', `No TLS with ${formatEndpoint(endpoint)} in time`);
    });
  };
}
