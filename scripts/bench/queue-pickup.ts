// How long a new session waits for a free worker at a steady rate, alone and while another connection holds an old snapshot
// (a backup, a long report), which keeps every dead row and index entry of its database from being removed.
// The two are measured in turns, in a database each, so that whatever else the machine does hits both alike.
// node scripts/bench/queue-pickup.ts [--rate 800] [--seconds 60]
import { parseArgs } from 'node:util';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { migrate } from '#lib/db/migrate.ts';
import { CompletionBatcher } from '#workers/queue/completion-batcher.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { databaseUrl, quantile, startBenchServer } from './bench-server.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '800' }, seconds: { type: 'string', default: '60' } },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const SLICE_SECONDS = 5;
const ENQUEUE_EVERY_MS = 10;
const CONSUMERS = 4;
/** What a consumer waits after an empty answer. */
const POLL_MS = 4;

/** One database with its consumers, and how long each of its sessions waited, in ms. */
interface Side {
  name: string;
  db: Db;
  consumers: Consumer[];
  waitsMs: number[];
}

/** A worker of its own, with its own claim cursor. */
interface Consumer {
  workerId: string;
  queue: JobQueue;
}

const server = await startBenchServer();
try {
  await migrate(databaseUrl(server, 'peer'));
  const calm = await openSide('calm', server.url);
  const held = await openSide('held snapshot', databaseUrl(server, 'peer'));
  const letGo = await holdSnapshot(databaseUrl(server, 'peer'));
  for (let done = 0; done < seconds; done += SLICE_SECONDS) {
    for (const side of [calm, held]) await runSlice(side, Math.min(SLICE_SECONDS, seconds - done));
  }
  for (const side of [calm, held]) await report(side);
  const ratio = (q: number) => (quantile(held.waitsMs, q) / quantile(calm.waitsMs, q)).toFixed(2);
  console.log(`ratio with a held snapshot / without: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
  await letGo();
  await Promise.all([calm.db.close(), held.db.close()]);
} finally {
  await server.drop();
}

async function openSide(name: string, connectionString: string): Promise<Side> {
  const db = createDb({ connectionString, applicationName: 'eko-bench', max: CONSUMERS + 4 });
  const consumers = Array.from({ length: CONSUMERS }, (_, index) => ({
    workerId: `consumer ${index}`,
    queue: new JobQueue({ db, leaseMs: 3_600_000 }),
  }));
  for (const { workerId, queue } of consumers) {
    await queue.registerWorker({ workerId, nodeId: 'bench', hostname: 'bench', pid: process.pid, concurrency: 10 });
  }
  return { name, db, consumers, waitsMs: [] };
}

/** Opens a transaction whose snapshot sees the database as it is now, and returns how to end it. */
async function holdSnapshot(connectionString: string): Promise<() => Promise<void>> {
  const db = createDb({ connectionString, applicationName: 'eko-bench-holder', max: 1 });
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const transaction = db.transaction(async (tx) => {
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
    await db.close();
  };
}

/** Enqueues at the rate for some seconds, and claims and completes all of it. */
async function runSlice(side: Side, sliceSeconds: number): Promise<void> {
  const total = rate * sliceSeconds;
  const askedMs = new Map<string, number>();
  const batcher = new CompletionBatcher({ complete: (items) => new JobQueue({ db: side.db }).complete(items) });
  let claimed = 0;
  const consume = async ({ workerId, queue }: Consumer) => {
    while (claimed < total) {
      const sessions = await queue.claim({ workerId, sources: ['permits'], limit: 10, jobTimeoutMs: 600_000 });
      const nowMs = performance.now();
      claimed += sessions.length;
      for (const session of sessions) {
        side.waitsMs.push(nowMs - (askedMs.get(session.location) ?? Number.NaN));
        void batcher.add(session);
      }
      if (sessions.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const consuming = side.consumers.map(consume);
  await produce(new JobQueue({ db: side.db }), total, askedMs);
  await Promise.all(consuming);
  await batcher.stop();
}

/** Enqueues what is due every 10 ms, in a call that does not wait for the one before. */
async function produce(queue: JobQueue, total: number, askedMs: Map<string, number>): Promise<void> {
  const startedMs = performance.now();
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

async function report(side: Side): Promise<void> {
  const [dead] = await side.db.query(
    `select n_dead_tup as rows from pg_stat_user_tables where relname = 'scraping_sessions'`,
  );
  const line = (label: string, waitsMs: readonly number[]) =>
    console.log(
      `${side.name.padEnd(14)} ${label.padEnd(13)} p50 ${quantile(waitsMs, 0.5).toFixed(1)} ms, p99 ${quantile(waitsMs, 0.99).toFixed(1)} ms`,
    );
  line(`all ${side.waitsMs.length}`, side.waitsMs);
  line('last quarter', side.waitsMs.slice(-Math.ceil(side.waitsMs.length / 4)));
  console.log(`${side.name.padEnd(14)} dead rows at the end: ${Number(dead?.rows).toLocaleString('en')}`);
}
