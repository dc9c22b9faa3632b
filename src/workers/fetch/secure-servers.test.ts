import { createSecureServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestCertificate } from '#test/test-certificates.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient, type HttpClientOptions, type HttpRequest } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';

const DAY_MS = 86_400_000;
const never = new AbortController().signal;
const authority = createTestAuthority();
const stranger = createTestAuthority('A stranger');
const good = authority.issue(['site.example']);
const open: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function listen(server: Server | Http2Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  // Clients that do not like what they see hang up.
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `site.example:${(server.address() as AddressInfo).port}`;
}

async function ask(
  host: string,
  changes: Partial<HttpRequest> = {},
  options: Partial<HttpClientOptions> = {},
): Promise<HttpOutcome> {
  const client = new HttpClient({
    userAgent: 'EkoLeadBot/0.1',
    allow: [host],
    ca: authority.ca,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    limits: { wireBytesMax: 300_000, decodedBytesMax: 600_000, rateFromMs: 500 },
    ...options,
  });
  open.push(() => client.close());
  const request = { url: new URL(`https://${host}/`), method: 'GET' as const, headers: {}, timeoutMs: 15_000 };
  return await client.send({ ...request, ...changes }, never);
}

const resultOf = (outcome: HttpOutcome) =>
  outcome.kind === 'response' ? `status ${outcome.status}: ${outcome.body}` : outcome.failure;

describe('a server with TLS', () => {
  const HELLO = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
  const past = { from: new Date(Date.now() - 9 * DAY_MS), until: new Date(Date.now() - DAY_MS) };
  const future = { from: new Date(Date.now() + DAY_MS), until: new Date(Date.now() + 9 * DAY_MS) };

  it.each<[string, TestCertificate, string]>([
    ['is right', good, 'status 200: hello'],
    ['has many names', authority.issue(['a.example', 'site.example']), 'status 200: hello'],
    ['is for somebody else', authority.issue(['other.example']), 'certificate'],
    ['is for a subdomain', authority.issue(['www.site.example']), 'certificate'],
    ['is for a wildcard one level too high', authority.issue(['*.site.example']), 'certificate'],
    ['is for the address', authority.issue(['127.0.0.1']), 'certificate'],
    ['names nobody', authority.issue([]), 'certificate'],
    ['has expired', authority.issue(['site.example'], past), 'certificate'],
    ['is not valid yet', authority.issue(['site.example'], future), 'certificate'],
    ['comes from a stranger', stranger.issue(['site.example']), 'certificate'],
  ])('whose certificate %s', async (_name, certificate, result) => {
    let asked = 0;
    const host = await listen(
      createTlsServer(certificate, (socket) => {
        socket
          .on('error', () => {})
          .on('data', () => {
            asked += 1;
            socket.write(HELLO);
          });
      }),
    );
    expect(resultOf(await ask(host))).toBe(result);
    expect(asked).toBe(result === 'certificate' ? 0 : 1);
  });

  it('is verified against the authorities of the system by default', async () => {
    const host = await listen(createTlsServer(good, (socket) => socket.end(HELLO)));
    const client = new HttpClient({
      userAgent: 'x/1',
      allow: [host],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    open.push(() => client.close());
    const request = { url: new URL(`https://${host}/`), method: 'GET' as const, headers: {}, timeoutMs: 15_000 };
    expect(resultOf(await client.send(request, never))).toBe('certificate');
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['speaks plain HTTP', (socket) => socket.end(HELLO), 'network'],
    ['closes in the handshake', (socket) => socket.destroy(), 'network'],
    ['ends with an alert', (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])), 'network'],
    ['sends rubbish', (socket) => socket.write(Buffer.alloc(9000, 0x16)), 'network'],
    ['never shakes hands', () => {}, 'timeout'],
  ])('that %s', async (_name, behave, result) => {
    const sockets = new Set<Socket>();
    const host = await listen(
      createTcpServer((socket) => {
        sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
        socket.once('data', () => behave(socket));
        socket.on('data', () => {});
      }),
    );
    const outcome = await ask(host, result === 'timeout' ? { timeoutMs: 300 } : {});
    expect(resultOf(outcome)).toBe(result);
    await waitFor(() => sockets.size === 0, { what: 'the connection to be closed' });
  });

  it('that never shakes hands is given up after the limit for connections', async () => {
    const host = await listen(createTcpServer((socket) => socket.resume()));
    const outcome = await ask(host, { timeoutMs: 60_000 }, { connectTimeoutMs: 1_500 });
    expect(outcome).toMatchObject({ failure: 'timeout', message: `No TLS with ${host} in time` });
  });

  it('that knows only TLS 1.1', async () => {
    const old = { ...good, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(resultOf(await ask(await listen(createTlsServer(old))))).toBe('network');
  });
});

describe('a server with HTTP/2', () => {
  const start = async (onStream: (stream: ServerHttp2Stream) => void) => {
    const server = createSecureServer({ ...good, allowHTTP1: true });
    server.on('stream', (stream) => onStream(stream.on('error', () => {})));
    server.on('sessionError', () => {});
    return { server, host: await listen(server) };
  };
  const floodOf = (stream: ServerHttp2Stream) => {
    const more = () => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
    };
    stream.on('drain', more);
    more();
  };

  it.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    ['answers', (stream) => stream.end('hello'), 'status 200: hello'],
    [
      'encodes',
      (stream) => stream.respond({ 'content-encoding': 'br' }) ?? stream.end(zlib.brotliCompressSync('hello')),
      'status 200: hello',
    ],
    [
      'leads on with an endless body',
      (stream) => stream.respond({ ':status': 302, location: '/a' }) ?? floodOf(stream),
      'status 302: ',
    ],
    ['sends an endless body', floodOf, 'too-large'],
    ['announces 100 MB', (stream) => stream.respond({ 'content-length': 104_857_600 }) ?? floodOf(stream), 'too-large'],
    [
      'sends a bomb',
      (stream) => stream.respond({ 'content-encoding': 'gzip' }) ?? stream.end(zlib.gzipSync(Buffer.alloc(4_000_000))),
      'too-large',
    ],
    ['drips', (stream) => void setInterval(() => stream.destroyed || stream.write('x'), 25).unref(), 'too-slow'],
    ['never answers', () => {}, 'timeout'],
    ['resets the stream', (stream) => stream.close(2), 'network'],
    ['resets in the body', (stream) => stream.write('hello', () => stream.destroy(new Error('a fault'))), 'incomplete'],
    [
      'sends less than it announced',
      (stream) => stream.respond({ 'content-length': 50 }) ?? stream.end('hello'),
      'incomplete',
    ],
    ['goes away', (stream) => stream.session?.goaway(0) ?? stream.session?.destroy(), 'network'],
    ['closes the connection', (stream) => stream.session?.socket.destroy(), 'network'],
    ['closes in the body', (stream) => stream.write('hello', () => stream.session?.destroy()), 'incomplete'],
    [
      'hints without end',
      (stream) => void Array.from({ length: 50 }, () => stream.additionalHeaders({ ':status': 103 })),
      'too-large',
    ],
  ])('that %s', async (_name, onStream, result) => {
    const { host } = await start(onStream);
    const outcome = await ask(host, { http2: true, timeoutMs: result === 'timeout' ? 300 : 15_000 });
    expect(resultOf(outcome)).toBe(result);
    expect(outcome.durationMs).toBeLessThan(15_000);
  });

  it('that sends every request away is connected to once', async () => {
    const REFUSED_STREAM = 7;
    const { server, host } = await start((stream) => {
      stream.session?.goaway(0, 0);
      // Not taken, says this: a client may ask again on a new connection.
      stream.close(REFUSED_STREAM);
    });
    let sessions = 0;
    server.on('session', () => {
      sessions += 1;
    });
    expect(resultOf(await ask(host, { http2: true }))).toBe('network');
    expect(sessions).toBe(1);
  });

  it('is asked in HTTP/1.1 unless HTTP/2 is wanted', async () => {
    const { server, host } = await start((stream) => stream.end('two'));
    server.on('request', (request, response) => request.httpVersion === '1.1' && response.end('one'));
    expect(resultOf(await ask(host))).toBe('status 200: one');
    expect(resultOf(await ask(host, { http2: true }))).toBe('status 200: two');
  });

  it('may choose HTTP/1.1', async () => {
    const host = await listen(
      createTlsServer({ ...good, ALPNProtocols: ['http/1.1'] }, (socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
      ),
    );
    expect(resultOf(await ask(host, { http2: true }))).toBe('status 200: hello');
  });

  it('that only pretends to speak it', async () => {
    const host = await listen(
      createTlsServer({ ...good, ALPNProtocols: ['h2'] }, (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
    );
    expect(resultOf(await ask(host, { http2: true }))).toBe('network');
  });

  it('carries many requests over one connection', async () => {
    const { server, host } = await start((stream) => stream.end('hello'));
    let connections = 0;
    server.on('secureConnection', () => {
      connections += 1;
    });
    const client = new HttpClient({
      userAgent: 'x/1',
      allow: [host],
      ca: authority.ca,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    open.push(() => client.close());
    const request = {
      url: new URL(`https://${host}/`),
      method: 'GET' as const,
      headers: {},
      timeoutMs: 15_000,
      http2: true,
    };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => client.send(request, never)));
    expect(new Set(outcomes.map(resultOf))).toEqual(new Set(['status 200: hello']));
    expect(connections).toBe(1);
  });
});
