import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { TcpGate } from './tcp-gate.ts';

type Direction = 'toServer' | 'toClient';

/** What a proxy does to its connections, to those that are open as well as to new ones. */
export interface TcpFaults {
  /**
   * Accepts and forwards nothing, in both directions or in one, and closes nothing either: the silence of a firewall that forgot
   * the connection. What was sent meanwhile arrives when it is over, as after the retransmissions of a healed network.
   */
  blackHole: 'none' | 'both' | Direction;
  /** Time that each chunk waits in each direction, in ms. */
  latencyMs: number;
  /** Forwards at most so many bytes at a time, so that the receiver sees messages in pieces; null forwards what comes. */
  sliceBytes: number | null;
  /** Cuts a connection as soon as it would have carried more bytes than this, both directions together; null never does. */
  limitBytes: number | null;
  /** Resets new connections before a byte has passed. */
  refuse: boolean;
}

const NO_FAULTS: TcpFaults = { blackHole: 'none', latencyMs: 0, sliceBytes: null, limitBytes: null, refuse: false };

/** The end of a server's answer in PostgreSQL's protocol: ReadyForQuery, then one byte that tells the state of the transaction. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5]);

interface Connection {
  client: Socket;
  server: Socket;
  carriedBytes: number;
  /** From the request on whose answer shall be lost. */
  swallowing: Swallow | null;
}

interface Swallow {
  text: string;
  done: PromiseWithResolvers<void>;
}

/**
 * A TCP proxy on a free port of 127.0.0.1 that breaks connections as told: black holes, resets, latency, slices, a limit of data,
 * and the lost answer of a commit. Faults hold from the moment they are set, also for bytes under way.
 */
export class TcpFaultProxy {
  #target: { host: string; port: number };
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #gates: Record<Direction, TcpGate> = { toServer: new TcpGate(), toClient: new TcpGate() };
  readonly #swallows: Swallow[] = [];
  #faults: TcpFaults = NO_FAULTS;
  /** Connections accepted so far, refused ones included. */
  acceptedCount = 0;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** @param target where connections are passed on to. */
  static async start(target: { host?: string; port: number }): Promise<TcpFaultProxy> {
    const proxy = new TcpFaultProxy({ host: '127.0.0.1', ...target });
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openCount(): number {
    return this.#connections.size;
  }

  /** The same address, but through this proxy. */
  through(url: string): string {
    const address = new URL(url);
    address.hostname = '127.0.0.1';
    address.port = String(this.port);
    return address.toString();
  }

  /** Passes new connections on to another server of this machine, as an address that moves; open ones stay where they are. */
  retarget(port: number): void {
    this.#target = { ...this.#target, port };
  }

  /** Sets some faults and leaves the others as they are. */
  set(faults: Partial<TcpFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
    const { blackHole } = this.#faults;
    this.#gates.toServer.setClosed(blackHole === 'both' || blackHole === 'toServer');
    this.#gates.toClient.setClosed(blackHole === 'both' || blackHole === 'toClient');
  }

  /** Ends all faults. */
  heal(): void {
    this.set(NO_FAULTS);
  }

  /** Resets all open connections on both sides; says how many there were. */
  cut(): number {
    const { size } = this.#connections;
    for (const connection of [...this.#connections]) this.#reset(connection);
    return size;
  }

  /**
   * Of the next request to a PostgreSQL server that contains `text`: lets the server carry it out, swallows the answer and cuts
   * the connection, so that the client cannot know whether it was done. Resolves when that has happened; several calls wait in line.
   */
  swallowReplyTo(text = 'commit\0'): Promise<void> {
    const swallow = { text, done: Promise.withResolvers<void>() };
    this.#swallows.push(swallow);
    return swallow.done.promise;
  }

  /** Resets everything and gives the port back. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    this.heal();
    await closed;
  }

  #accept(client: Socket): void {
    this.acceptedCount += 1;
    client.on('error', () => {});
    if (this.#faults.refuse) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const connection: Connection = { client, server, carriedBytes: 0, swallowing: null };
    this.#connections.add(connection);
    client.setNoDelay(true);
    server.setNoDelay(true).on('error', () => {});
    void this.#pump(connection, 'toServer');
    void this.#pump(connection, 'toClient');
  }

  /** Forwards one direction until its source ends; a source that breaks breaks the other side too. */
  async #pump(connection: Connection, direction: Direction): Promise<void> {
    const [source, target] =
      direction === 'toServer' ? [connection.client, connection.server] : [connection.server, connection.client];
    try {
      for await (const chunk of source) {
        // Before the loop is left, which would end the source in peace.
        if ((await this.#pass(connection, direction, target, chunk as Buffer)) === 'cut')
          return this.#reset(connection);
      }
      await this.#gates[direction].open();
      target.end();
      if (connection.client.writableEnded && connection.server.writableEnded) this.#connections.delete(connection);
    } catch {
      // Reset by one of the sides. Nobody hears of it through a black hole.
      await this.#gates[direction].open();
      this.#reset(connection);
    }
  }

  async #pass(connection: Connection, direction: Direction, target: Socket, chunk: Buffer): Promise<'on' | 'cut'> {
    await this.#gates[direction].open();
    if (this.#faults.latencyMs > 0) await wait(this.#faults.latencyMs);
    connection.carriedBytes += chunk.length;
    const { limitBytes, sliceBytes } = this.#faults;
    if (limitBytes !== null && connection.carriedBytes > limitBytes) return 'cut';
    if (direction === 'toServer') connection.swallowing ??= this.#findSwallow(chunk);
    else if (connection.swallowing) return this.#swallow(connection.swallowing, chunk);
    const step = sliceBytes ?? chunk.length;
    for (let from = 0; from < chunk.length; from += step) {
      await writeAll(target, chunk.subarray(from, from + step));
      // A turn of the event loop apart, else the kernel puts the pieces together again.
      if (sliceBytes !== null) await wait(1);
    }
    return 'on';
  }

  #findSwallow(chunk: Buffer): Swallow | null {
    const index = this.#swallows.findIndex(({ text }) => chunk.includes(text));
    return index === -1 ? null : (this.#swallows.splice(index, 1)[0] ?? null);
  }

  /** Drops answers up to the one that says that the request is carried out, and committed. */
  #swallow({ done }: Swallow, chunk: Buffer): 'on' | 'cut' {
    if (!chunk.subarray(-6, -1).equals(READY_FOR_QUERY)) return 'on';
    done.resolve();
    return 'cut';
  }

  #reset(connection: Connection): void {
    this.#connections.delete(connection);
    for (const socket of [connection.client, connection.server]) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

function writeAll(target: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    target.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
