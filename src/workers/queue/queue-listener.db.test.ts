import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DbListener } from '#lib/db/create-listener.ts';
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
    const startedAtMs = performance.now();
    await Promise.all(
      Array.from({ length: 40 }, () => bed.queue.enqueue([{ source: 'permits', location: 'Georgia' }])),
    );
    await waitFor(() => signals.length > before);
    // One at once, and then at most one in each 50 ms, however long a busy machine takes.
    const gaps = (performance.now() - startedAtMs) / 50;
    expect(signals.length - before).toBeLessThanOrEqual(2 + gaps);
    expect(signals.length - before).toBeLessThan(40);
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
