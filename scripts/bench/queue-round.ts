// One round of our queue. Arguments: connection string, number of sessions, sessions per enqueue call.
// Prints {"enqueueMs","drainMs"}. Everything goes through JobQueue and CompletionBatcher as a worker uses them.
import { createDb } from '#lib/db/create-db.ts';
import { CompletionBatcher } from '#workers/queue/completion-batcher.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';

const CLAIM_SIZE = 500;
/** Claims under way at once, so that one batch is claimed while another one is completed. */
const CLAIM_LOOPS = 3;

const [connectionString = '', sessionsText, enqueueText] = process.argv.slice(2);
const total = Number(sessionsText);
const db = createDb({ connectionString, applicationName: 'eko-bench', max: 10 });
const queue = new JobQueue({ db, leaseMs: 600_000 });
const workerId = `bench-${process.pid}`;
await queue.registerWorker({ workerId, nodeId: 'bench', hostname: 'bench', pid: process.pid, concurrency: CLAIM_SIZE });

const enqueueMs = await timed(() => enqueueAll(Number(enqueueText)));
// As for the peer: what autovacuum does within a minute.
await db.query('analyze scraping_sessions');
const drainMs = await timed(drain);
const [left] = await db.query(
  `select count(*) filter (where s.status <> 'completed')::int as unfinished,
     (select count(*)::int from scraper_metrics m where m.worker_id = $1) as attempts
   from scraping_sessions s where s.worker_id = $1 or s.status in ('pending', 'running')`,
  [workerId],
);
if (left?.unfinished !== 0 || left.attempts !== total) throw new Error(`Not all was done: ${JSON.stringify(left)}`);
await queue.deregisterWorker(workerId, { status: 'stopped', reason: 'bench is over' });
await db.close();
console.log(JSON.stringify({ enqueueMs, drainMs }));

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function enqueueAll(size: number): Promise<void> {
  for (let first = 0; first < total; first += size) {
    const count = Math.min(size, total - first);
    const sessions = Array.from({ length: count }, (_, index) => ({
      source: 'permits',
      location: `Place ${first + index}`,
    }));
    await queue.enqueue(sessions);
  }
}

async function drain(): Promise<void> {
  const batcher = new CompletionBatcher({ complete: (items) => queue.complete(items), batchSize: 500, concurrency: 2 });
  let done = 0;
  const loop = async () => {
    while (done < total) {
      const claimed = await queue.claim({ workerId, sources: ['permits'], limit: CLAIM_SIZE, jobTimeoutMs: 600_000 });
      if (claimed.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      const kept = await Promise.all(claimed.map((session) => batcher.add(session)));
      if (kept.includes(false)) throw new Error('A completion was stale.');
      done += kept.length;
    }
  };
  await Promise.all(Array.from({ length: CLAIM_LOOPS }, loop));
  await batcher.stop();
}
