import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** PostgreSQL's messages that carry a statement: a simple query, and the parse step of one with parameters. */
const STATEMENT_TYPES = new Set(['Q'.charCodeAt(0), 'P'.charCodeAt(0)]);
const HEAD_BYTES = 5;

export interface StatementGate {
  /** The given address, but through the gate. */
  through(url: string): string;
  /** Statements seen so far, over all connections. */
  readonly count: number;
  close(): Promise<void>;
}

/**
 * Passes a PostgreSQL connection on and counts its statements: `onStatement` is told of each before it is passed on. What it
 * does then, such as killing the client, comes at a moment that is known to the statement.
 */
export async function startStatementGate(onStatement: (index: number) => void): Promise<StatementGate> {
  let count = 0;
  let target: { host: string; port: number } = { host: '127.0.0.1', port: 0 };
  const sockets = new Set<Socket>();
  const gate = createServer((client) => {
    const server = connect(target);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.pipe(client);
    const countIn = statementCounter(() => {
      count += 1;
      onStatement(count);
    });
    client.on('data', (chunk) => {
      countIn(chunk);
      server.write(chunk);
    });
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  return {
    through(url) {
      const address = new URL(url);
      target = { host: address.hostname, port: Number(address.port) };
      address.host = `127.0.0.1:${(gate.address() as AddressInfo).port}`;
      return address.toString();
    },
    get count() {
      return count;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => gate.close(resolve));
    },
  };
}

/** Reads what a client sends, in whatever pieces it comes. */
function statementCounter(onStatement: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isStarted = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    // The first message has no type, only its length.
    if (!isStarted && rest.length >= 4 && rest.length >= rest.readInt32BE(0)) {
      rest = rest.subarray(rest.readInt32BE(0));
      isStarted = true;
    }
    while (isStarted && rest.length >= HEAD_BYTES && rest.length >= 1 + rest.readInt32BE(1)) {
      if (STATEMENT_TYPES.has(rest[0] ?? 0)) onStatement();
      rest = rest.subarray(1 + rest.readInt32BE(1));
    }
  };
}
