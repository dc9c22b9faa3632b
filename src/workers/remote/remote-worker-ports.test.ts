import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WorkerPorts } from '../ports/worker-ports.ts';
import type { CallArgs } from './calls/index.ts';
import { remoteWorkerPorts } from './remote-worker-ports.ts';
import { ServerClient } from './server-client.ts';

/** What proxies in front of a server take if nobody tells them otherwise. */
const USUAL_BYTES_MAX = 1024 * 1024;

let server: Server;
let ports: WorkerPorts;
let answer: unknown;
let calls: { bytes: number; args: unknown }[];

beforeEach(async () => {
  calls = [];
  server = createServer(async (request, response) => {
    calls.push({ bytes: Number(request.headers['content-length']), args: await json(request) });
    response.end(JSON.stringify({ answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  ports = remoteWorkerPorts(new ServerClient({ serverUrl: `http://127.0.0.1:${port}`, token: 'eko_test' }));
});
afterEach(async () => {
  await ports.close();
  await new Promise((resolve) => server.close(resolve));
});

it('keeps the validators of many pages in calls of a usual size', async () => {
  answer = null;
  const pages = Array.from({ length: 3_000 }, (_, page) => ({
    source: 'permits',
    url: `https://permits.example.com/rows?page=${page}&${'q'.repeat(300)}`,
    parserVersion: '1',
    validators: { etag: 'e'.repeat(200), lastModified: null, bodyHash: 'h'.repeat(64) },
  }));
  await ports.validators.save(pages);
  expect(calls.flatMap(({ args }) => (args as CallArgs<'saveValidators'>).pages)).toEqual(pages);
  expect(Math.max(...calls.map(({ bytes }) => bytes))).toBeLessThan(USUAL_BYTES_MAX);
});

it('tells of many uses of proxies in calls of a usual size, and gives all answers', async () => {
  answer = [{ id: 1, before: 'active', after: 'cooling' }];
  const use = { kind: 'used', effect: 'fault', durationMs: 1, error: 'e'.repeat(100) } as const;
  const uses = new Map(Array.from({ length: 100 }, (_, index) => [index + 1, Array(100).fill(use)]));
  const changes = await ports.proxies.apply(uses);
  expect(calls.flatMap(({ args }) => (args as CallArgs<'noteProxyEvents'>).proxies.map(({ id }) => id))).toEqual([
    ...uses.keys(),
  ]);
  expect(Math.max(...calls.map(({ bytes }) => bytes))).toBeLessThan(USUAL_BYTES_MAX);
  expect(changes).toHaveLength(calls.length);
});
