import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BOMBS, ENCODING_LIES, ENDLESS_BODIES, LENGTH_LIES } from '#test/hostile-bodies.ts';
import { OTHER_PROTOCOLS, REDIRECTS, STRANGE_HEADERS } from '#test/hostile-heads.ts';
import {
  answerHead,
  type Behaviour,
  type HostileRow,
  type HostileServer,
  startHostileServer,
} from '#test/hostile-server.ts';
import { EARLY_ENDS, SLOW_ANSWERS, SLOW_FROM_MS, UNREAD_FORMS } from '#test/hostile-timing.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient, type HttpRequest } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';

const KIB = 1024;
const LIMITS = {
  wireBytesMax: 512 * KIB,
  decodedBytesMax: 1024 * KIB,
  rateBytesPerSecondMin: KIB,
  rateFromMs: SLOW_FROM_MS,
};
const never = new AbortController().signal;
/** How late a deadline may be noticed on a machine that does other work too. */
const LATE_MS = 8_000;

const GROUPS: [string, HostileRow[]][] = [
  ['takes its time', SLOW_ANSWERS],
  ['does not end', ENDLESS_BODIES],
  ['sends bombs', BOMBS],
  ['lies about its encoding', ENCODING_LIES],
  ['lies about its length', LENGTH_LIES],
  ['ends early', EARLY_ENDS],
  ['speaks something else', OTHER_PROTOCOLS],
  ['has strange headers', STRANGE_HEADERS],
  ['leads elsewhere', REDIRECTS],
  ['does not wait for a form', UNREAD_FORMS],
];

const resultOf = (outcome: HttpOutcome) =>
  outcome.kind === 'response' ? `status ${outcome.status}: ${outcome.body.toString('latin1')}` : outcome.failure;

describe('a server that', () => {
  const allow: string[] = [];
  const open: HostileServer[] = [];
  let client: HttpClient;

  // One for all rows: what a server did must not be felt by the next.
  beforeAll(() => {
    client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow, limits: LIMITS });
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  afterAll(() => client.close());

  const start = async (behave: Behaviour): Promise<HostileServer> => {
    const server = await startHostileServer(behave);
    open.push(server);
    allow.push(server.host);
    return server;
  };
  const ask = ({ url }: HostileServer, changes: Partial<HttpRequest> = {}) =>
    client.send({ url, method: 'GET', headers: {}, timeoutMs: 15_000, ...changes }, never);

  describe.each(GROUPS)('%s', (_group, rows) => {
    it.each(rows)('and $does comes to "$result"', async ({ behave, result, timeoutMs = 15_000, ...row }) => {
      const server = await start(behave);
      const form = row.postBytes ? { method: 'POST' as const, body: 'x'.repeat(row.postBytes) } : {};
      const outcome = await ask(server, { ...form, timeoutMs });
      expect(resultOf(outcome)).toBe(result);
      expect(outcome.durationMs).toBeLessThan(timeoutMs + LATE_MS);
      expect(server.connections()).toBe(1);
      if (outcome.kind === 'response' || row.keepsConnection) return;
      await waitFor(() => server.open() === 0, { what: 'the connection to be closed' });
    });
  });

  it('may have at least sixty manners', () => {
    expect(GROUPS.flatMap(([, rows]) => rows).length).toBeGreaterThanOrEqual(60);
  });

  /** It comes after the first answer, and must never be taken for the answer to the second request. */
  const SMUGGLED = `${answerHead(['content-length: 8'])}smuggled`;
  it.each([
    ['puts an answer behind a 204', `${answerHead([], '204 No Content')}${SMUGGLED}`],
    ['puts an answer behind a 204 of some length', `${answerHead(['content-length: 60'], '204')}${SMUGGLED}`],
    ['puts an answer behind a 304', `${answerHead([], '304 Not Modified')}${SMUGGLED}`],
    ['puts an answer behind its body', `${answerHead(['content-length: 5'])}hello${SMUGGLED}`],
    ['puts one behind its last chunk', `${answerHead(['transfer-encoding: chunked'])}1\r\na\r\n0\r\n\r\n${SMUGGLED}`],
    ['puts one behind a redirect', `${answerHead(['location: /a', 'content-length: 0'], '302')}${SMUGGLED}`],
    ['promises to keep the connection and closes it', `${answerHead(['content-length: 1'])}a`],
    ['says that it closes and does not', `${answerHead(['content-length: 1', 'connection: close'])}a`],
    ['keeps the connection for no time', `${answerHead(['content-length: 1', 'keep-alive: timeout=0'])}a`],
  ])('%s gets a clean second request', async (does, first) => {
    let requests = 0;
    const server = await start((socket) => {
      requests += 1;
      socket.write(requests === 1 ? first : `${answerHead(['content-length: 6'])}second`);
      if (requests === 1 && does.includes('closes it')) socket.end();
    });
    expect((await ask(server)).kind).toBe('response');
    expect(resultOf(await ask(server))).toBe('status 200: second');
    expect(requests).toBe(2);
  });

  it('answers late gets no second request on that connection', async () => {
    const sockets: Socket[] = [];
    const server = await start((socket) => {
      sockets.push(socket);
      if (sockets.length > 1) socket.write(`${answerHead(['content-length: 6'])}second`);
    });
    expect(resultOf(await ask(server, { timeoutMs: 200 }))).toBe('timeout');
    sockets[0]?.write(`${answerHead(['content-length: 5'])}first`);
    expect(resultOf(await ask(server))).toBe('status 200: second');
    expect(server.connections()).toBe(2);
  });
});
