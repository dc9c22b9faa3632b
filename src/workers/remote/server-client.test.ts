import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CallFailedError, DatabaseUnavailableError } from '#lib/errors.ts';
import { startFaultProxy } from '#test/fault-proxy.ts';
import type { FaultMode, FaultProxy } from '#test/fault-proxy-modes.ts';
import { waitFor } from '#test/wait-for.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import { CALLS_VERSION } from './calls/index.ts';
import { CallUnknownError, ServerClient, type ServerClientOptions, ServerRefusedError } from './server-client.ts';

const open: (Server | ServerClient | FaultProxy)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    if (!('closeAllConnections' in one)) await one.close();
    else await new Promise((resolve) => one.closeAllConnections() ?? one.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(serverUrl: string, timeoutMs = 5_000, more: Partial<ServerClientOptions> = {}): ServerClient {
  const client = new ServerClient({ serverUrl, token: 'eko_test', timeoutMs, ...more });
  open.push(client);
  return client;
}

const answering = (status: number, body: string) =>
  serve((request, response) => request.resume().on('end', () => response.writeHead(status).end(body)));

const refusal = (code: string) => JSON.stringify({ error: { code, message: 'because' } });

describe('ServerClient', () => {
  it('asks below the path of the server, with token and version, and gives times as times', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const { authorization, 'eko-calls-version': version } = request.headers;
      seen.push([request.method, request.url, authorization, version]);
      request.resume().on('end', () => response.end(JSON.stringify({ answer: 86_400_000 })));
    });
    const watermark = await clientOf(`${url}/eko/`).call('findWatermark', { portalId: 'p', scope: 's' });
    expect(watermark).toEqual(new Date('1970-01-02'));
    expect(seen).toEqual([['POST', '/eko/api/workers/calls/findWatermark', 'Bearer eko_test', String(CALLS_VERSION)]]);
  });

  it.each([400, 409, 413, 415, 422])('says that %i will not become better', async (status) => {
    const client = clientOf(await answering(status, refusal('invalid_request')));
    const error = await client.call('rescue', {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServerRefusedError);
    expect(error).toMatchObject({ reason: 'invalid_request', message: expect.stringContaining('because') });
    expect(isDatabaseOutage(error)).toBe(false);
  });

  it('believes a proxy in front of the server that a call is too large, whatever its words', async () => {
    const client = clientOf(await answering(413, '<html>Request Entity Too Large</html>'));
    const error = await client.call('rescue', {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServerRefusedError);
    expect(error).toMatchObject({ status: 413, reason: 'unknown' });
  });

  it.each([
    [401, refusal('not_signed_in')],
    [403, refusal('forbidden')],
    [404, '<html>Not here</html>'],
    [404, refusal('not_found')],
    [400, '<html>Bad gateway of somebody else</html>'],
    [409, refusal('other_version')],
    [429, refusal('too_many_tries')],
    [500, refusal('internal')],
    [502, ''],
    [503, refusal('database_unavailable')],
    [200, '<html>Sign in to this network</html>'],
    [200, '{"answer":"five"}'],
    [200, '{}'],
  ])('takes %i with %s for a database that is away', async (status, body) => {
    const client = clientOf(await answering(status, body));
    await expect(client.call('rescue', {})).rejects.toThrow(DatabaseUnavailableError);
  });

  it.each([
    [403, refusal('forbidden'), true],
    [500, refusal('internal'), true],
    [403, '<html>Not from here</html>', false],
    [500, '<html>Internal Server Error</html>', false],
    [401, refusal('wrong_token'), false],
    [503, refusal('database_unavailable'), false],
  ])('tells from %i with %s whether other calls may fare better: %s', async (status, body, isOfOneCall) => {
    const client = clientOf(await answering(status, body));
    const error = await client.call('rescue', {}).catch((reason: unknown) => reason);
    expect(error instanceof CallFailedError).toBe(isOfOneCall);
  });

  it.each([
    [refusal('not_found'), true],
    ['<html>Not here</html>', false],
  ])('tells from 404 with %s whether the server is too old for the call: %s', async (body, isTooOld) => {
    const client = clientOf(await answering(404, body));
    const error = await client.call('awaitSignals', { marks: [], waitMs: 0 }).catch((reason: unknown) => reason);
    expect(error instanceof CallUnknownError).toBe(isTooOld);
  });

  it('says that the versions differ only where that is asked', async () => {
    const client = clientOf(await answering(409, refusal('other_version')));
    await expect(client.call('findMisfit', {})).rejects.toMatchObject({ reason: 'other_version' });
  });

  it('takes silence, and nobody there, for the same', async () => {
    const silent = clientOf(await serve(() => {}), 100);
    await expect(silent.call('rescue', {})).rejects.toThrow(DatabaseUnavailableError);
    const nobody = clientOf('http://127.0.0.1:1');
    await expect(nobody.call('rescue', {})).rejects.toThrow(DatabaseUnavailableError);
  });

  it('has no more calls under way than it may', async () => {
    let [now, most] = [0, 0];
    const url = await serve((request, response) => {
      most = Math.max(most, ++now);
      request.resume().on('end', () => setTimeout(() => response.end('{"answer":0}', () => now--), 20));
    });
    const client = clientOf(url, 5_000, { connectionsMax: 2 });
    await Promise.all(Array.from({ length: 6 }, () => client.call('rescue', {})));
    expect(most).toBe(2);
  });

  it('sends nothing that the server would refuse', async () => {
    const client = clientOf('http://127.0.0.1:1');
    await expect(client.call('snooze', { claim: { id: 0, claimNumber: 1 }, delayMs: 1, reason: '' })).rejects.toThrow(
      /Too small/,
    );
  });
});

describe("ServerClient behind a company's proxy", () => {
  async function start(protocol: 'http' | 'socks5', mode: FaultMode) {
    const proxy = await startFaultProxy(protocol, { mode });
    open.push(proxy);
    const address = `${protocol}://${proxy.host}`;
    return { proxy, through: { systemProxy: { HTTP_PROXY: address, HTTPS_PROXY: address }, connectionsMax: 2 } };
  }

  it.each([
    ['http', 'stalls', 'http://server.example'],
    ['http', 'stalls', 'https://server.example'],
    ['http', 'drips', 'https://server.example'],
    ['socks5', 'stalls', 'https://server.example'],
  ] as const)('that speaks %s and %s keeps nobody waiting for %s', async (protocol, mode, url) => {
    const { proxy, through } = await start(protocol, mode);
    const client = clientOf(url, 1_000, through);
    const startedAt = performance.now();
    // More than may connect at a time.
    const calls = await Promise.allSettled(Array.from({ length: 6 }, () => client.call('rescue', {})));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(calls.map((call) => call.status === 'rejected' && call.reason)).toEqual(
      Array(6).fill(expect.any(DatabaseUnavailableError)),
    );
    await waitFor(() => proxy.open.size === 0, { what: 'the hung connections to end' });
    const before = proxy.connections;
    await expect(client.call('rescue', {})).rejects.toThrow(DatabaseUnavailableError);
    expect(proxy.connections).toBe(before + 1);
  });

  it('is used again when it speaks again', async () => {
    const { proxy, through } = await start('http', 'stalls');
    proxy.options.hosts = { 'intranet:80': new URL(await answering(200, '{"answer":0}')).host };
    const client = clientOf('http://intranet', 2_000, through);
    await expect(client.call('rescue', {})).rejects.toThrow(DatabaseUnavailableError);
    proxy.options.mode = 'works';
    expect(await client.call('rescue', {})).toBe(0);
    expect(proxy.forwarded).toHaveLength(2);
  });

  it.each(['http://server.example', 'https://server.example'])('does not hold up the end (%s)', async (url) => {
    const { proxy, through } = await start('http', 'stalls');
    const client = clientOf(url, 60_000, through);
    const call = client.call('rescue', {});
    call.catch(() => {});
    await waitFor(() => proxy.tunnels.length + proxy.forwarded.length === 1);
    await client.close();
    await expect(call).rejects.toThrow(DatabaseUnavailableError);
    await waitFor(() => proxy.open.size === 0);
  });
});
