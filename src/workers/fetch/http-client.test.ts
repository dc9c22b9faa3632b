import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { answerHead, type Behaviour, type HostileServer, sayWhole, startHostileServer } from '#test/hostile-server.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient, type HttpClientOptions, type HttpRequest } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';

const open: { close(): Promise<void> }[] = [];
const never = new AbortController().signal;

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const keep = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};

const failureOf = (outcome: HttpOutcome) => (outcome.kind === 'failed' ? outcome.failure : `status ${outcome.status}`);

/** A server of that behaviour, and a client that may ask it. */
async function startPair(behave: Behaviour, options: Partial<HttpClientOptions> = {}) {
  const server: HostileServer = keep(await startHostileServer(behave));
  const client = keep(new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow: [server.host], ...options }));
  const ask = (changes: Partial<HttpRequest> = {}, signal = never) =>
    client.send({ url: server.url, method: 'GET', headers: {}, timeoutMs: 4_000, ...changes }, signal);
  return { server, client, ask };
}

describe('HttpClient', () => {
  it('says who asks, what it can decode, and what it is told to say', async () => {
    const requests: string[] = [];
    const { server, ask } = await startPair((socket, request) => {
      requests.push(request);
      sayWhole(['set-cookie: a=1', 'Set-Cookie: b=2', 'X-Mixed: Case'], 'hello')(socket, request);
    });
    const url = new URL('/a?b=c#d', server.url);
    let answers = 0;
    const onAnswer = () => {
      answers += 1;
    };
    const outcome = await ask({
      url,
      method: 'POST',
      body: 'a=1',
      headers: { 'content-type': 'text/plain' },
      onAnswer,
    });
    expect(outcome).toMatchObject({
      kind: 'response',
      status: 200,
      headers: { 'set-cookie': 'a=1, b=2', 'x-mixed': 'Case' },
      body: Buffer.from('hello'),
      wireBytes: 5,
    });
    expect(answers).toBe(1);
    expect(requests.join('').split('\r\n')).toEqual(
      expect.arrayContaining([
        'POST /a?b=c HTTP/1.1',
        `host: ${server.host}`,
        'user-agent: EkoLeadBot/0.1',
        'accept-encoding: gzip, deflate, br, zstd',
        'content-type: text/plain',
        'content-length: 3',
        'a=1',
      ]),
    );
  });

  const text = Buffer.from('hello '.repeat(1000));
  it.each<[string, Buffer]>([
    ['gzip', zlib.gzipSync(text)],
    ['X-GZIP', zlib.gzipSync(text)],
    ['gzip', Buffer.concat([zlib.gzipSync(text.subarray(0, 700)), zlib.gzipSync(text.subarray(700))])],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['br', zlib.brotliCompressSync(text)],
    ['zstd', zlib.zstdCompressSync(text)],
    ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(text))],
    ['identity', text],
  ])('decodes %s, on error pages too', async (encoding, body) => {
    for (const status of ['200 OK', '500 Oops']) {
      const { ask } = await startPair(sayWhole([`content-encoding: ${encoding}`], body, status));
      const outcome = await ask();
      expect(outcome).toMatchObject({ kind: 'response', status: Number(status.slice(0, 3)), wireBytes: body.length });
      if (outcome.kind === 'response') expect(outcome.body.equals(text)).toBe(true);
    }
  });

  it('does not begin to read what is announced as too large', async () => {
    const { ask } = await startPair(sayWhole([], Buffer.alloc(6 * 1024 * 1024)));
    expect(await ask()).toMatchObject({ failure: 'too-large', wireBytes: 0 });
  });

  it('throws only the reason of the session that ends, before and after the answer began', async () => {
    for (const behave of [() => {}, sayWhole([], '')] satisfies Behaviour[]) {
      const { server, ask } = await startPair((socket, request) => {
        behave(socket, request);
        socket.write(answerHead(['content-length: 9']));
      });
      const ending = new AbortController();
      const onAnswer = () => ending.abort(new Error('cancelled by a person'));
      await expect(ask({ onAnswer }, ending.signal)).rejects.toThrow('by a person');
      await expect(ask({}, ending.signal)).rejects.toThrow('by a person');
      await waitFor(() => server.open() === 0, { what: 'the connection to be closed' });
      expect(server.connections()).toBe(1);
    }
  });

  it('keeps a connection as long as it is told to', async () => {
    const { server, ask } = await startPair(sayWhole([], 'hello'));
    for (let count = 0; count < 3; count += 1) await ask();
    expect(server.connections()).toBe(1);
    await ask({ keepAliveMs: 0 });
    await waitFor(() => server.open() === 1, { what: 'the second connection to be closed' });
    await ask({ keepAliveMs: 50 });
    await waitFor(() => server.open() === 1, { what: 'the third connection to be closed' });
    expect(server.connections()).toBe(3);
  });

  it('takes a header as it is, and an impossible one for a failure', async () => {
    const { ask } = await startPair(sayWhole([], 'hello'));
    expect(failureOf(await ask({ headers: { 'x-a': 'b\r\nx-c: d' } }))).toBe('network');
  });
});

describe('HttpClient and private addresses', () => {
  const ask = async (url: string, options: Partial<HttpClientOptions>) => {
    const client = keep(new HttpClient({ userAgent: 'x/1', ...options }));
    return failureOf(await client.send({ url: new URL(url), method: 'GET', headers: {}, timeoutMs: 3000 }, never));
  };

  it('never connects to a literal, a resolved or a rebound private address', async () => {
    const canary = keep(await startHostileServer(sayWhole([], '')));
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
    const silent = { resolve: () => new Promise<never>(() => {}), connectTimeoutMs: 200 };
    expect(await ask('http://nowhere.example/', silent)).toBe('dns-unavailable');
  });
});
