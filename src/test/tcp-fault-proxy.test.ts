import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TcpFaultProxy } from './tcp-fault-proxy.ts';
import { waitFor } from './wait-for.ts';

let echo: Server;
let proxy: TcpFaultProxy;
/** What the server got, over all connections. */
let got: string;

/** A client that remembers what it heard and how its connection ended. */
class Client {
  readonly socket: Socket;
  heard = '';
  pieces = 0;
  ended: string | null = null;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.heard += chunk.toString('latin1');
      this.pieces += 1;
    });
    this.socket.on('end', () => {
      this.ended ??= 'end';
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.ended = error.code ?? 'error';
    });
  }

  async says(text: string): Promise<void> {
    await new Promise((resolve) => this.socket.write(text, 'latin1', resolve));
  }
}

beforeEach(async () => {
  got = '';
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await TcpFaultProxy.start({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

describe('a TCP proxy that breaks connections', () => {
  it('passes bytes both ways, and the end of a connection too', async () => {
    const client = new Client(proxy.port);
    await client.says('hello');
    await waitFor(() => client.heard === 'hello');
    client.socket.end();
    await waitFor(() => client.ended === 'end' && proxy.openCount === 0);
  });

  it('holds everything in a black hole, closes nothing, and delivers when it heals', async () => {
    const client = new Client(proxy.port);
    await client.says('before ');
    await waitFor(() => client.heard === 'before ');
    proxy.set({ blackHole: 'both' });
    await client.says('during ');
    const other = new Client(proxy.port);
    await waitFor(() => proxy.acceptedCount === 2);
    await other.says('other');
    expect(got).toBe('before ');
    expect([client.ended, other.ended]).toEqual([null, null]);
    proxy.heal();
    await waitFor(() => client.heard === 'before during ' && other.heard === 'other');
  });

  it('can be silent in one direction only', async () => {
    const client = new Client(proxy.port);
    proxy.set({ blackHole: 'toClient' });
    await client.says('asked');
    await waitFor(() => got === 'asked');
    expect(client.heard).toBe('');
    proxy.heal();
    await waitFor(() => client.heard === 'asked');
  });

  it('cuts connections with a reset, and refuses new ones on request', async () => {
    const client = new Client(proxy.port);
    await client.says('x');
    await waitFor(() => client.heard === 'x');
    expect(proxy.cut()).toBe(1);
    await waitFor(() => client.ended === 'ECONNRESET');
    proxy.set({ refuse: true });
    const refused = new Client(proxy.port);
    await waitFor(() => refused.ended === 'ECONNRESET');
    expect(got).toBe('x');
  });

  it('delays, slices and limits data', async () => {
    proxy.set({ latencyMs: 50, sliceBytes: 10 });
    const client = new Client(proxy.port);
    const startedMs = performance.now();
    await client.says('a'.repeat(100));
    await waitFor(() => client.heard.length === 100);
    expect(performance.now() - startedMs).toBeGreaterThan(90);
    expect(client.pieces).toBeGreaterThan(3);
    proxy.heal();
    proxy.set({ limitBytes: 250 });
    await client.says('b'.repeat(100));
    await waitFor(() => client.ended === 'ECONNRESET');
    expect(client.heard).toHaveLength(100);
  });

  it('lets a request through and swallows its answer', async () => {
    const client = new Client(proxy.port);
    await client.says('first');
    await waitFor(() => client.heard === 'first');
    const swallowed = proxy.swallowReplyTo('commit\0');
    // The echo's answer ends like one of PostgreSQL that is ready for the next query.
    await client.says('commit\0Z\0\0\0\x05I');
    await swallowed;
    await waitFor(() => client.ended === 'ECONNRESET');
    expect(got).toContain('commit');
    expect(client.heard).toBe('first');
  });
});
