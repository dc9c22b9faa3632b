import path from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { createTestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';
import { createEventPublisher } from '../events.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { listenToQueue } from '../queue/queue-listener.ts';
import { WorkerManager } from './manager.ts';

it('kills a worker whose event loop hangs, charges its session and replaces it', async () => {
  const database = await createTestDatabase();
  const queue = new JobQueue({ db: database.db });
  const folder = await bundleWorkers();
  const manager = new WorkerManager({
    config: { numWorkers: 1, heartbeatMs: 500, workerTimeout: 5_000, healthCheckInterval: 500 },
    events: createEventPublisher(database.db),
    queue,
    listen: (handlers) => listenToQueue({ connectionString: database.url, ...handlers }),
    logger: createLogger('manager', 'silent'),
    nodeId: 'node',
    workerEntry: path.join(folder, 'scraper-worker.mjs'),
    workerArgs: ['--scrapers', path.join(folder, 'scripted-scrapers.mjs')],
    workerEnv: { DATABASE_URL: database.url, LOG_LEVEL: 'silent' },
    concurrency: 1,
  });
  try {
    manager.start();
    await queue.enqueue([{ source: 'permits', location: 'Savannah', params: { do: 'block-event-loop' } }]);
    const ended = await waitFor(
      async () => {
        const rows = await database.db.query(`select stop_reason from worker_instances where status = 'crashed'`);
        return rows[0]?.stop_reason ?? null;
      },
      { timeoutMs: 60_000, what: 'the silent worker to be killed' },
    );
    expect(ended).toContain('did not answer');
    const charged = `select from scraping_sessions where status = 'pending' and crash_count = 1`;
    await waitFor(async () => (await database.db.query(charged)).length === 1, { what: 'the session to be charged' });
    await waitFor(
      async () => (await database.db.query(`select from worker_instances where status = 'idle'`)).length === 1,
      { timeoutMs: 60_000, what: 'its replacement' },
    );
  } finally {
    await manager.stop(0);
    await database.drop();
  }
});
