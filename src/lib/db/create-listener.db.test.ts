import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PoolMode, startPgBouncer } from '#test/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { findPeer } from '#test/require-peer.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { createListener, type DbListener } from './create-listener.ts';

const PGBOUNCER = findPeer('pgbouncer');
/** Long enough for any answer, also of a machine that stands still for a moment. */
const PING_TIMEOUT_MS = 4_000;

let database: TestDatabase;
let listeners: DbListener[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  listeners = [];
});
afterAll(() => database.drop());

describe('createListener', () => {
  it.runIf(process.env.LONG_RUN === '1')(
    'notices within 15 s that its connection is dead',
    async () => {
      const proxy = await TcpFaultProxy.start({ port: Number(new URL(database.url).port) });
      let connects = 0;
      let lostAtMs = 0;
      listeners.push(
        createListener({
          connectionString: proxy.through(database.url),
          applicationName: 'eko-test-listener',
          channels: ['eko_test'],
          onNotification: () => {},
          onConnect: () => {
            connects += 1;
          },
          onDisconnect: () => {
            lostAtMs = performance.now();
          },
        }),
      );
      let slowestMs = 0;
      for (let round = 1; round <= 10; round += 1) {
        await waitFor(() => connects === round, { timeoutMs: 30_000 });
        const silentAtMs = performance.now();
        lostAtMs = 0;
        proxy.set({ blackHole: 'both' });
        await waitFor(() => lostAtMs > 0, { timeoutMs: 30_000 });
        slowestMs = Math.max(slowestMs, lostAtMs - silentAtMs);
        proxy.heal();
      }
      process.stdout.write(`a dead LISTEN was noticed after at most ${Math.round(slowestMs)} ms of 10\n`);
      expect(slowestMs).toBeLessThan(15_000);
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
      await proxy.close();
    },
    // Ten times the promise, and as long again for a new connection each time.
    600_000,
  );

  it('finds out that its connection is dead although no error ever comes, and makes a new one', async () => {
    const proxy = await TcpFaultProxy.start({ port: Number(new URL(database.url).port) });
    const told: string[] = [];
    listeners.push(
      createListener({
        connectionString: proxy.through(database.url),
        applicationName: 'eko-test-listener',
        channels: ['eko_test'],
        onNotification: () => {},
        onConnect: () => told.push('connected'),
        onDisconnect: (error) => told.push(error.message),
        pingIntervalMs: 50,
        pingTimeoutMs: PING_TIMEOUT_MS,
      }),
    );
    await waitFor(() => told.length === 1);
    proxy.set({ blackHole: 'both' });
    await waitFor(() => told.length === 2);
    proxy.heal();
    await waitFor(() => told.length >= 3);
    expect(told.slice(0, 3)).toEqual([
      'connected',
      `The connection did not answer for ${PING_TIMEOUT_MS} ms.`,
      'connected',
    ]);
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    await proxy.close();
  });

  it('can be closed while the server cannot be reached, without any error', async () => {
    const reasons: Error[] = [];
    const listener = createListener({
      connectionString: 'postgres://nobody@127.0.0.1:9/none',
      applicationName: 'eko-test-listener',
      channels: [],
      onNotification: () => {},
      onDisconnect: (error) => reasons.push(error),
    });
    await waitFor(() => reasons.length >= 2);
    await listener.close();
  });

  it('can be closed while the server says nothing to the one that connects', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const listener = createListener({
      connectionString: `postgres://nobody@127.0.0.1:${port}/none`,
      applicationName: 'eko-test-listener',
      channels: [],
      onNotification: () => {},
    });
    await waitFor(() => sockets.length === 1);
    await listener.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe.skipIf(PGBOUNCER === null)('createListener through PgBouncer', () => {
  /** A listener of its own; the pooler has nobody else to serve, and so gives it the same connection again and again. */
  const listenThrough = async (mode: PoolMode) => {
    const pooler = await startPgBouncer(PGBOUNCER ?? '', database.url, mode);
    const told: string[] = [];
    const listener = createListener({
      connectionString: pooler.url,
      applicationName: 'eko-test-listener',
      channels: ['eko_test'],
      onNotification: (_channel, payload) => told.push(payload),
      onConnect: () => told.push('connected'),
      onDisconnect: (error) => told.push(error.message),
      onDeaf: () => told.push('deaf'),
      pingIntervalMs: 20,
      pingTimeoutMs: PING_TIMEOUT_MS,
    });
    const stop = async () => {
      await listener.close();
      await pooler.stop();
    };
    return { told, stop };
  };

  it('in transaction mode: finds out that it is deaf, even where nobody else uses the pooler', async () => {
    const { told, stop } = await listenThrough('transaction');
    await waitFor(() => told.length >= 2, { timeoutMs: 20_000 });
    expect(told).toEqual(['connected', 'deaf']);
    await stop();
  });

  it('in session mode: hears, and stays', async () => {
    const { told, stop } = await listenThrough('session');
    await waitFor(() => told.length >= 1, { timeoutMs: 20_000 });
    const rounds: string[] = [];
    // Longer than a ping that is not heard may take.
    const untilMs = performance.now() + PING_TIMEOUT_MS + 1_000;
    while (performance.now() < untilMs) {
      const round = `round ${rounds.length + 1}`;
      rounds.push(round);
      await database.db.query(`select pg_notify('eko_test', $1)`, [round]);
      await waitFor(() => told.includes(round));
      await database.db.query('select pg_sleep(0.1)');
    }
    expect(told).toEqual(['connected', ...rounds]);
    await stop();
  });
});
