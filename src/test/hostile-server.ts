import { type AddressInfo, createServer, type Socket } from 'node:net';
import { writeEndlessly } from './endless-bytes.ts';

/** What a hostile server does when bytes of a request come. */
export type Behaviour = (socket: Socket, request: string) => void;

/** A behaviour, and what one request to it has to come to. */
export interface HostileRow {
  /** Completes "a server that …". */
  does: string;
  behave: Behaviour;
  /** A failure of the fetch, or `status N: BODY`. */
  result: string;
  /** The limit of the request, where the behaviour has no end of its own. */
  timeoutMs?: number;
  /** Posts so many bytes instead of getting. */
  postBytes?: number;
  /** It plays by the rules of HTTP, so its connection may be kept. */
  keepsConnection?: boolean;
}

export interface HostileServer {
  url: URL;
  /** `host:port`, as an allow list wants it. */
  host: string;
  /** Connections that were ever accepted. */
  connections(): number;
  /** Connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

/** A server that speaks raw bytes, so that it can break every rule. */
export async function startHostileServer(behave: Behaviour): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => behave(socket, chunk.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: new URL(`http://${host}/`),
    host,
    connections: () => connections,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export function row(does: string, behave: Behaviour, result: string, more: Partial<HostileRow> = {}): HostileRow {
  return { does, behave, result, ...more };
}

/** The status line and headers of an answer, up to the empty line. */
export function answerHead(headers: readonly string[], status = '200 OK'): string {
  return [`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n');
}

export function say(...parts: (string | Buffer)[]): Behaviour {
  return (socket) => {
    for (const part of parts) socket.write(part);
  };
}

export function sayAndClose(...parts: (string | Buffer)[]): Behaviour {
  return (socket, request) => {
    say(...parts)(socket, request);
    socket.end();
  };
}

/** An answer whose length is right. */
export function sayWhole(headers: readonly string[], body: string | Buffer, status?: string): Behaviour {
  return say(answerHead([`content-length: ${Buffer.byteLength(body)}`, ...headers], status), body);
}

/** `start`, then `chunk` for ever, as fast as the other side reads. */
export function sayEndlessly(start: string, chunk: string | Buffer): Behaviour {
  return (socket) => {
    socket.write(start);
    writeEndlessly(socket, Buffer.from(chunk));
  };
}

/** `start`, then `piece` every 25 ms for ever. */
export function drip(start: string, piece: string): Behaviour {
  return (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(piece), 25);
    socket.on('close', () => clearInterval(timer));
  };
}

/** `text`, then a reset that does not overtake it. */
export function sayAndReset(text: string): Behaviour {
  return (socket) => {
    socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 50));
  };
}

/** Acts on the first bytes of a connection alone. */
export function onFirstBytes(act: (socket: Socket) => void): Behaviour {
  const seen = new WeakSet<Socket>();
  return (socket) => {
    if (!seen.has(socket)) act(socket);
    seen.add(socket);
  };
}
