import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';

const open: { close(): void }[] = [];
const never = new AbortController().signal;

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A server that speaks raw bytes, so that it can break every rule. */
async function startRawServer(
  answer: (socket: Socket) => void,
): Promise<{ url: URL; host: string; connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: new URL(`http://${host}/`), host, connections: () => connections };
}

async function send(
  answer: (socket: Socket) => void,
  options: { timeoutMs?: number; client?: Partial<HttpClientOptions> } = {},
): Promise<HttpOutcome> {
  const { url, host } = await startRawServer(answer);
  const client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow: [host], ...options.client });
  open.push({ close: () => void client.close() });
  return await client.send({ url, method: 'GET', headers: {}, timeoutMs: options.timeoutMs ?? 4000 }, never);
}

const head = (headers: string, status = '200 OK') => `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n`;
const whole = (body: Buffer, headers: string, status?: string) => (socket: Socket) => {
  socket.write(head(`content-length: ${body.length}\r\n${headers}`, status));
  socket.write(body);
};
const failureOf = (outcome: HttpOutcome) => (outcome.kind === 'failed' ? outcome.failure : `status ${outcome.status}`);
const zeros = (bytes: number) => Buffer.alloc(bytes);

/** Writes for ever, as fast as the other side reads. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

describe('HttpClient against hostile servers', () => {
  it('keeps its own deadline when nothing is answered', async () => {
    const outcome = await send(() => {}, { timeoutMs: 300 });
    expect(failureOf(outcome)).toBe('timeout');
    expect(outcome.durationMs).toBeLessThan(1000);
  });

  it('keeps it while headers drip in', async () => {
    const outcome = await send(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const timer = setInterval(() => socket.write('x-a: b\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      },
      { timeoutMs: 300 },
    );
    expect(failureOf(outcome)).toBe('timeout');
    expect(outcome.durationMs).toBeLessThan(1000);
  });

  it('refuses endless headers', async () => {
    const outcome = await send((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, Buffer.from('x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(50)));
    });
    expect(failureOf(outcome)).toBe('too-large');
  });

  it('keeps its deadline while a body drips in', async () => {
    const drip = (socket: Socket) => {
      socket.write(head('content-length: 100000'));
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    };
    expect(failureOf(await send(drip, { timeoutMs: 400 }))).toBe('timeout');
    const slow = await send(drip, { client: { limits: { rateFromMs: 200 } } });
    expect(failureOf(slow)).toBe('too-slow');
    expect(slow.durationMs).toBeLessThan(1500);
  });

  it('stops an endless body at the limit', async () => {
    const outcome = await send((socket) => {
      socket.write(head('connection: close'));
      flood(socket, zeros(65_536));
    });
    expect(failureOf(outcome)).toBe('too-large');
    expect(outcome.wireBytes).toBeLessThan(6 * 1024 * 1024);
  });

  it('does not begin to read 100 MB that are announced', async () => {
    const outcome = await send((socket) => {
      socket.write(head('content-length: 104857600'));
      flood(socket, zeros(65_536));
    });
    expect(failureOf(outcome)).toBe('too-large');
    expect(outcome.wireBytes).toBe(0);
  });

  const bomb = zeros(64 * 1024 * 1024);
  const ENCODED: [string, () => Buffer][] = [
    ['gzip', () => zlib.gzipSync(bomb)],
    ['deflate', () => zlib.deflateSync(bomb)],
    ['br', () => zlib.brotliCompressSync(bomb, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['zstd', () => zlib.zstdCompressSync(bomb)],
    ['gzip, gzip', () => zlib.gzipSync(zlib.gzipSync(bomb))],
  ];

  it.each(ENCODED)('defuses a bomb in %s without taking much memory', async (encoding, make) => {
    const body = make();
    const before = process.memoryUsage().rss;
    const outcome = await send(whole(body, `content-encoding: ${encoding}`));
    expect(failureOf(outcome)).toBe('too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('decodes what it asks for, two layers deep, and error pages too', async () => {
    const text = Buffer.from('hello '.repeat(1000));
    const bodies: [string, Buffer][] = [
      ['gzip', zlib.gzipSync(text)],
      ['deflate', zlib.deflateSync(text)],
      ['deflate', zlib.deflateRawSync(text)],
      ['br', zlib.brotliCompressSync(text)],
      ['zstd', zlib.zstdCompressSync(text)],
      ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(text))],
      ['identity', text],
    ];
    for (const [encoding, body] of bodies) {
      const outcome = await send(whole(body, `content-encoding: ${encoding}`, '500 Oops'));
      expect({ encoding, outcome }).toMatchObject({ outcome: { kind: 'response', status: 500 } });
      if (outcome.kind === 'response') expect(outcome.body.equals(text)).toBe(true);
    }
    expect(await send(whole(Buffer.alloc(0), 'content-encoding: gzip'))).toMatchObject({
      kind: 'response',
      status: 200,
    });
  });

  it('refuses more than two layers, unknown encodings, and data that is not encoded', async () => {
    const body = Buffer.from('<html>'.repeat(100));
    for (const encoding of ['gzip, gzip, gzip', 'compress', 'gzip', 'br', 'zstd']) {
      expect([encoding, failureOf(await send(whole(body, `content-encoding: ${encoding}`)))]).toEqual([
        encoding,
        'bad-encoding',
      ]);
    }
  });

  it('takes no part of a body for the whole', async () => {
    const text = zlib.gzipSync(Buffer.from('hello '.repeat(1000)));
    const half = text.subarray(0, text.length / 2);
    expect(failureOf(await send((socket) => socket.end(`${head('content-length: 1000')}short`)))).toBe('incomplete');
    expect(failureOf(await send((socket) => socket.end(`${head('transfer-encoding: chunked')}5\r\nhello\r\n`)))).toBe(
      'incomplete',
    );
    expect(failureOf(await send((socket) => socket.end(`${head('transfer-encoding: chunked')}zz\r\nhello\r\n`)))).toBe(
      'incomplete',
    );
    expect(failureOf(await send(whole(half, 'content-encoding: gzip')))).toBe('incomplete');
  });

  it('tells a connection that breaks before any answer from one that is refused by name', async () => {
    expect(failureOf(await send((socket) => socket.destroy()))).toBe('network');
    expect(failureOf(await send((socket) => socket.end('SMTP ready\r\n')))).toBe('network');
  });

  it('throws only the reason of the session that ends', async () => {
    const { url, host } = await startRawServer(() => {});
    const client = new HttpClient({ userAgent: 'x/1', allow: [host] });
    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error('cancelled by a person')), 50);
    await expect(client.send({ url, method: 'GET', headers: {}, timeoutMs: 4000 }, ending.signal)).rejects.toThrow(
      'by a person',
    );
    await client.close();
  });
});

describe('HttpClient and private addresses', () => {
  const ask = async (url: string, options: Partial<HttpClientOptions>) => {
    const client = new HttpClient({ userAgent: 'x/1', ...options });
    open.push({ close: () => void client.close() });
    return failureOf(await client.send({ url: new URL(url), method: 'GET', headers: {}, timeoutMs: 3000 }, never));
  };

  it('never connects to a literal, a resolved or a rebound private address', async () => {
    const canary = await startRawServer((socket) => socket.end(head('content-length: 0')));
    const { port } = canary.url;
    for (const name of ['127.0.0.1', '127.1', '0x7f000001', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      expect([name, await ask(`http://${name}:${port}/`, {})]).toEqual([name, 'address-refused']);
    }
    const answers = (...addresses: string[]) => ({
      resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    });
    expect(await ask(`http://rebind.example:${port}/`, answers('127.0.0.1'))).toBe('address-refused');
    expect(await ask(`http://mixed.example:${port}/`, answers('93.184.216.34', '10.0.0.1'))).toBe('address-refused');
    expect(await ask(`http://mapped.example:${port}/`, answers('::ffff:127.0.0.1'))).toBe('address-refused');
    expect(await ask(`http://other.example:${port}/`, { ...answers('127.0.0.1'), allow: ['127.0.0.1:1'] })).toBe(
      'address-refused',
    );
    expect(canary.connections()).toBe(0);
    expect(await ask(`http://listed.example:${port}/`, { ...answers('127.0.0.1'), allow: [canary.host] })).toBe(
      'status 200',
    );
    expect(
      await ask(`http://named.example:${port}/`, { ...answers('127.0.0.1'), allow: [`named.example:${port}`] }),
    ).toBe('status 200');
  });

  it('tells an unknown name from DNS that does not answer', async () => {
    const fails = (code: string) => ({
      resolve: async () => {
        throw Object.assign(new Error(code), { code });
      },
    });
    expect(await ask('http://nowhere.example/', fails('ENOTFOUND'))).toBe('host-unknown');
    expect(await ask('http://nowhere.example/', fails('EAI_AGAIN'))).toBe('dns-unavailable');
    expect(await ask('http://nowhere.example/', { resolve: async () => [] })).toBe('host-unknown');
  });
});
