import { createServer, type Server } from 'node:net';
import { findPortHolder } from './port-holder.ts';

/** A port that is held for us until the web server takes it. */
export interface ReservedPort {
  port: number;
  release(): Promise<void>;
}

const DEFAULT_PORT = 3_000;
const TRIED_PORTS = 100;

/**
 * Reserves the port of the dashboard: the wanted one, or, when none was asked for, 3000 or the next free one.
 * @param taken Called with each port that was passed over.
 * @throws Error when the wanted port cannot be had; it names who has it where the system tells.
 */
export async function reserveHttpPort(
  wanted: number | undefined,
  host: string,
  taken: (port: number) => void,
): Promise<ReservedPort> {
  const first = wanted ?? DEFAULT_PORT;
  const last = wanted === undefined ? first + TRIED_PORTS : first;
  for (let port = first; port <= last; port += 1) {
    const reserved = await tryReserve(port, host);
    if (reserved) return reserved;
    taken(port);
  }
  const holder = findPortHolder(first);
  throw new Error(
    `Port ${first} is taken${holder ? ` by ${holder}` : ''}. Stop that program, or choose another port: PORT=${first + 1} npm start.`,
  );
}

async function tryReserve(port: number, host: string): Promise<ReservedPort | null> {
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, port, host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EADDRINUSE') return null;
    if (code === 'EACCES') throw new Error(`Port ${port} may only be used by root. Choose one above 1023 with PORT.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Error(`HOST = "${host}" is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all networks.`);
    }
    throw error;
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, resolve);
  });
}
