// How long a new session waits for a free worker at a steady rate, first alone, then while another connection holds an old
// snapshot (a backup, a long report), which keeps every dead row and index entry from being removed.
// node scripts/bench/queue-pickup.ts [--rate 800] [--seconds 60]
import { parseArgs } from 'node:util';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { CompletionBatcher } from '#workers/queue/completion-batcher.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { quantile, startBenchServer } from './bench-server.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '800' }, seconds: { type: 'string', default: '60' } },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const ENQUEUE_EVERY_MS = 10;
const CONSUMERS = 4;
/** What a consumer waits after an empty answer. */
const POLL_MS = 4;

interface Pickup {
  /** When it was asked for, in ms since the start of the run. */
  atMs: number;
  waitMs: number;
}

const server = await startBenchServer();
try {
  const calm = await run(false);
  const held = await run(true);
  const ratio = (q: number) => (quantile(waits(held), q) / quantile(waits(calm), q)).toFixed(2);
  console.log(`ratio with a held snapshot / without: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
} finally {
  await server.drop();
}

async function run(holdSnapshot: boolean): Promise<Pickup[]> {
  const holder = createDb({ connectionString: server.url, applicationName: 'eko-bench-holder', max: 1 });
  const db = createDb({ connectionString: server.url, applicationName: 'eko-bench', max: CONSUMERS + 4 });
  const release = holdSnapshot ? await holdOldSnapshot(holder) : async () => {};
  const pickups = await produceAndConsume(db);
  const [dead] = await db.query(
    `select n_dead_tup as rows from pg_stat_user_tables where relname = 'scraping_sessions'`,
  );
  await release();
  report(holdSnapshot ? 'held snapshot' : 'calm', pickups, Number(dead?.rows));
  await Promise.all([db.close(), holder.close()]);
  return pickups;
}

/** Opens a transaction whose snapshot sees the table as it is now; returns how to end it. */
async function holdOldSnapshot(holder: Db): Promise<() => Promise<void>> {
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const transaction = holder.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read');
    await tx.query('set local idle_in_transaction_session_timeout = 0');
    await tx.query('select count(*) from scraping_sessions');
    opened.resolve();
    await over.promise;
  });
  await opened.promise;
  return async () => {
    over.resolve();
    await transaction;
  };
}

async function produceAndConsume(db: Db): Promise<Pickup[]> {
  const startedMs = performance.now();
  const askedMs = new Map<string, number>();
  const pickups: Pickup[] = [];
  const expected = rate * seconds;
  const batcher = new CompletionBatcher({ complete: (items) => new JobQueue({ db }).complete(items) });
  const consume = async (name: string) => {
    // Each consumer is a worker of its own, with its own claim cursor.
    const queue = new JobQueue({ db, leaseMs: 600_000 });
    await queue.registerWorker({ workerId: name, nodeId: 'bench', hostname: 'bench', pid: 1, concurrency: 10 });
    while (pickups.length < expected) {
      const claimed = await queue.claim({ workerId: name, sources: ['permits'], limit: 10, jobTimeoutMs: 600_000 });
      const nowMs = performance.now();
      for (const session of claimed) {
        const atMs = askedMs.get(session.location) ?? Number.NaN;
        pickups.push({ atMs: atMs - startedMs, waitMs: nowMs - atMs });
        void batcher.add(session);
      }
      if (claimed.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const consuming = Array.from({ length: CONSUMERS }, (_, index) => consume(`consumer ${index}`));
  await produce(new JobQueue({ db }), startedMs, expected, askedMs);
  await Promise.all(consuming);
  await batcher.stop();
  return pickups;
}

/** Enqueues what is due every 10 ms, in a call that does not wait for the one before. */
async function produce(queue: JobQueue, startedMs: number, total: number, askedMs: Map<string, number>): Promise<void> {
  const calls: Promise<unknown>[] = [];
  for (let made = 0; made < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * rate) / 1000));
    if (due > made) {
      const sessions = Array.from({ length: due - made }, (_, index) => ({
        source: 'permits',
        location: `Place ${made + index}`,
      }));
      for (const session of sessions) askedMs.set(session.location, performance.now());
      calls.push(queue.enqueue(sessions));
      made = due;
    }
    await new Promise((resolve) => setTimeout(resolve, ENQUEUE_EVERY_MS));
  }
  await Promise.all(calls);
}

function waits(pickups: readonly Pickup[]): number[] {
  return pickups.map((pickup) => pickup.waitMs);
}

function report(name: string, pickups: readonly Pickup[], deadRows: number): void {
  const line = (label: string, some: readonly Pickup[]) =>
    console.log(
      `${name.padEnd(14)} ${label.padEnd(16)} p50 ${quantile(waits(some), 0.5).toFixed(1)} ms, p99 ${quantile(waits(some), 0.99).toFixed(1)} ms`,
    );
  line(`all ${pickups.length}`, pickups);
  line(
    'last quarter',
    pickups.filter((pickup) => pickup.atMs > seconds * 750),
  );
  console.log(`${name.padEnd(14)} dead rows at the end: ${deadRows.toLocaleString('en')}`);
}
