import type { Socket } from 'node:net';

export interface Endpoint {
  /** A name, or an address without brackets. */
  host: string;
  port: number;
}

/**
 * Opens a stream of bytes to an endpoint, itself or through something else; openers are stacked. The socket is connected,
 * paused, and nothing of what comes from the other side has been read.
 * @throws FetchFailureError or the socket's own error. When the signal is aborted it rejects at once and leaves no socket
 *   open; what it rejects with then says what it was waiting for.
 */
export type Opener = (endpoint: Endpoint, signal: AbortSignal) => Promise<Socket>;

/** `host:port`, as messages and CONNECT spell it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
