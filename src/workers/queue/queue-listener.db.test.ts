import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { listenToQueue } from './queue-listener.ts';

let bed: QueueBed;
let listeners: DbListener[] = [];
beforeAll(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  listeners = [];
});
afterAll(() => bed.drop());

async function listen() {
  const signals: string[] = [];
  const lost: Error[] = [];
  listeners.push(
    listenToQueue({
      connectionString: bed.url,
      onSignal: (signal) => signals.push(signal),
      onDisconnect: (error) => lost.push(error),
    }),
  );
  await waitFor(() => signals.length > 0);
  return { signals, lost };
}

describe('listenToQueue', () => {
  it('hears an enqueue and a cancel of a running session within milliseconds', async () => {
    const { signals } = await listen();
    const before = signals.length;
    const claim = await bed.start();
    await waitFor(() => signals.length > before);
    await bed.queue.requestCancel(claim.id);
    await waitFor(() => signals.includes('cancel'));
  });

  it('hears few signals of many enqueues, but the first one at once', async () => {
    const { signals } = await listen();
    const before = signals.length;
    await Promise.all(
      Array.from({ length: 40 }, () => bed.queue.enqueue([{ source: 'permits', location: 'Georgia' }])),
    );
    await waitFor(() => signals.length > before);
    expect(signals.length - before).toBeLessThan(10);
  });

  it('comes back after its connection was terminated, and says that it may have missed something', async () => {
    const { signals, lost } = await listen();
    const heard = signals.length;
    await bed.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'eko-queue-listener'
        and datname = current_database()`,
    );
    await waitFor(() => lost.length > 0 && signals.length > heard);
    const again = signals.length;
    await bed.db.query(`select pg_notify('eko_queue', 'ready')`);
    await waitFor(() => signals.length > again);
  });

  it('ignores payloads that it does not know', async () => {
    const { signals } = await listen();
    await bed.db.query(`select pg_notify('eko_queue', 'nonsense'), pg_notify('eko_queue', 'cancel')`);
    await waitFor(() => signals.includes('cancel'));
    expect(signals).not.toContain('nonsense');
  });
});

describe('createListener', () => {
  it.runIf(process.env.LONG_RUN === '1')(
    'notices within 15 s that its connection is dead',
    async () => {
      const proxy = await TcpFaultProxy.start({ port: Number(new URL(bed.url).port) });
      let connects = 0;
      let lostAtMs = 0;
      listeners.push(
        createListener({
          connectionString: proxy.through(bed.url),
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
    const proxy = await TcpFaultProxy.start({ port: Number(new URL(bed.url).port) });
    const reasons: string[] = [];
    let connects = 0;
    listeners.push(
      createListener({
        connectionString: proxy.through(bed.url),
        applicationName: 'eko-test-listener',
        channels: ['eko_test'],
        onNotification: () => {},
        onConnect: () => {
          connects += 1;
        },
        onDisconnect: (error) => reasons.push(error.message),
        pingIntervalMs: 50,
        pingTimeoutMs: 200,
      }),
    );
    await waitFor(() => connects === 1);
    proxy.set({ blackHole: 'both' });
    await waitFor(() => reasons.includes('The connection did not answer for 200 ms.'));
    proxy.heal();
    await waitFor(() => connects === 2);
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
