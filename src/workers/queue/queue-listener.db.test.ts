import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
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
  it('finds out that its connection is dead although no error ever comes, and makes a new one', async () => {
    const proxy = await startProxy(new URL(bed.url));
    const reasons: string[] = [];
    let connects = 0;
    const address = new URL(bed.url);
    address.port = String(proxy.port);
    listeners.push(
      createListener({
        connectionString: address.toString(),
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
    proxy.swallow();
    await waitFor(() => reasons.includes('The connection did not answer for 200 ms.'));
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
});

/** A TCP proxy that can forget the connections it has, as a firewall does: bytes vanish and nobody is told. */
async function startProxy(target: URL): Promise<{ port: number; swallow(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let links: (() => void)[] = [];
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.pipe(upstream);
    upstream.pipe(client);
    links.push(() => {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return {
    port: address.port,
    swallow() {
      for (const cut of links) cut();
      links = [];
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
