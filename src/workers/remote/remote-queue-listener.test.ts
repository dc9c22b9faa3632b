import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import type { SignalMark } from './calls/lease-calls.ts';
import { listenThroughServer } from './remote-queue-listener.ts';
import { CallUnknownError, ServerClient } from './server-client.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Asked {
  marks: SignalMark[];
  waitMs: number;
  atMs: number;
}

const one = { process: crypto.randomUUID(), position: 1 };
const later = { ...one, position: 2 };
const other = { process: crypto.randomUUID(), position: 7 };

/** What a server does with a call: answers at once, or not at all. */
type Behave = (response: ServerResponse, asked: Asked) => void;

/** A server whose behaviour can be changed, with all that it was asked. */
async function startServer(behave: Behave) {
  const asked: Asked[] = [];
  const state = { behave, asked, port: 0 };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void json(request).then((args) => {
      const call = { ...(args as Asked), atMs: performance.now() };
      asked.push(call);
      state.behave(response, call);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => closed(server) });
  state.port = (server.address() as AddressInfo).port;
  return state;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const silence: Behave = () => {};
const says = (mark: SignalMark, ...signals: string[]): Behave => {
  return (response) => response.end(JSON.stringify({ answer: { mark, signals } }));
};
const refuses =
  (status: number, code: string): Behave =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ error: { code, message: 'because' } }));

/** One behaviour after the other; silence after the last. */
function inTurn(...behaviours: Behave[]): Behave {
  const rest = [...behaviours];
  return (response, asked) => (rest.shift() ?? silence)(response, asked);
}

/** Greets who has heard nothing yet, and has no news after that. */
const greets: Behave = (response, asked) => {
  if (asked.marks.length === 0) says(one, 'ready')(response, asked);
  else setTimeout(() => says(one)(response, asked), asked.waitMs);
};

/** For what is to be found silent. */
const SHORT = { timeoutMs: 3_000 };

function listen(port: number, { waitMs = 400, timeoutMs = 20_000 } = {}) {
  const client = new ServerClient({ serverUrl: `http://127.0.0.1:${port}`, token: 'eko_test', timeoutMs });
  const signals: string[] = [];
  const lost: Error[] = [];
  const listener = listenThroughServer(
    client,
    { onSignal: (signal) => signals.push(signal), onDisconnect: (error) => lost.push(error) },
    { waitMs },
  );
  open.push(listener);
  return { signals, lost, listener };
}

describe('a manager that hears through a server', () => {
  it('passes on what it knows, and says how far it has heard each process', async () => {
    const server = await startServer(inTurn(says(one, 'ready'), says(other), says(later, 'order', 'later release')));
    const { signals, lost } = listen(server.port);
    await waitFor(() => server.asked.length === 4);
    expect(signals).toEqual(['ready', 'order']);
    expect(server.asked.map(({ marks }) => marks)).toEqual([[], [one], [other, one], [later, other]]);
    expect(lost).toEqual([]);
  });

  it('remembers no more processes than it may', async () => {
    const marks = Array.from({ length: 12 }, (_, position) => ({ process: crypto.randomUUID(), position }));
    const server = await startServer(inTurn(...marks.map((mark) => says(mark))));
    listen(server.port, { waitMs: 1 });
    await waitFor(() => server.asked.length === 13);
    expect(server.asked.at(-1)?.marks).toEqual(marks.slice(-8).reverse());
  });

  it('does not ask all the time when it is answered all the time', async () => {
    const server = await startServer(says(one, 'ready'));
    listen(server.port, { waitMs: 10_000 });
    await waitFor(() => server.asked.length === 8);
    const tookMs = (server.asked.at(-1)?.atMs ?? 0) - (server.asked[0]?.atMs ?? 0);
    // Seven pauses, of which a quarter may be left out.
    expect(tookMs).toBeGreaterThan((100 + 200 + 400 + 4 * 500) * 0.74);
  });

  it('tells a loss once, and again when it has heard in between', async () => {
    const fails = refuses(503, 'stopping');
    const server = await startServer(inTurn(fails, fails, says(one), fails, fails));
    const { lost } = listen(server.port);
    await waitFor(() => server.asked.length === 5, { timeoutMs: 40_000 });
    expect(lost).toHaveLength(2);
  }, 60_000);

  it('lives with a server of an older release, and says what it is', async () => {
    const server = await startServer(refuses(404, 'not_found'));
    const { signals, lost, listener } = listen(server.port);
    await waitFor(() => lost.length > 0);
    expect(lost).toEqual([expect.any(CallUnknownError)]);
    expect(signals).toEqual([]);
    await listener.close();
    expect(server.asked).toHaveLength(1);
  });

  it.each(['both', 'toClient'] as const)(
    'notices a connection that has gone silent (%s), and hears again on another',
    async (blackHole) => {
      const server = await startServer(greets);
      const network = await TcpFaultProxy.start({ port: server.port });
      open.push(network);
      const { signals, lost } = listen(network.port, SHORT);
      await waitFor(() => signals.includes('ready'));
      network.set({ blackHole });
      await waitFor(() => lost.length > 0);
      server.behave = says(later, 'cancel');
      network.cut();
      network.heal();
      await waitFor(() => signals.includes('cancel'));
      expect(server.asked.at(-1)?.marks).toContainEqual(one);
    },
  );

  it('takes a wait that no answer ends for a loss, though its connection lives', async () => {
    const server = await startServer(silence);
    const { lost } = listen(server.port, SHORT);
    await waitFor(() => server.asked.length >= 2);
    expect(lost).toHaveLength(1);
  });

  it.each([
    ['waits for an answer', silence],
    ['waits for the next try', refuses(503, 'stopping')],
    ['gets one answer after the other', says(one, 'ready')],
  ])('ends at once while it %s', async (_what, behave) => {
    const server = await startServer(behave);
    const { listener } = listen(server.port, { waitMs: 25_000, timeoutMs: 120_000 });
    await waitFor(() => server.asked.length > 0);
    const startedAtMs = performance.now();
    await listener.close();
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});
