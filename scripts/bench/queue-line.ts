// What sessions that wait for slow hosts cost everybody else: the claim of a session of another host, one tick of a manager, and
// the step from one session of the slow host to its next, while more and more stand in line for one host, or for many.
// node scripts/bench/queue-line.ts [--max 1000000] [--hosts 10000]
import { parseArgs } from 'node:util';
import { createDb } from '#lib/db/create-db.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { quantile, startBenchServer } from './bench-server.ts';

const { values } = parseArgs({
  options: { max: { type: 'string', default: '1000000' }, hosts: { type: 'string', default: '10000' } },
});
const SLOW_HOST = 'slow.example';
const TURNS = 300;
const WORKER = { workerId: 'worker', nodeId: 'bench', hostname: 'bench', pid: process.pid, concurrency: 10 };
const CLAIM = { workerId: 'worker', sources: ['permits'], limit: 1, jobTimeoutMs: 600_000 };

const server = await startBenchServer();
const db = createDb({
  connectionString: server.url,
  applicationName: 'eko-bench',
  max: 4,
  statementTimeoutMs: 120_000,
});
const queue = new JobQueue({ db, leaseMs: 3_600_000 });
try {
  await queue.registerWorker(WORKER);
  await db.query('insert into host_pacing (host_key) values ($1)', [SLOW_HOST]);
  await measure('nobody in line');
  for (let waiting = 0, next = 10_000; next <= Number(values.max); next *= 10) {
    await joinLine(next - waiting, `'${SLOW_HOST}'`);
    waiting = next;
    await measure(`${waiting.toLocaleString('en')} in line for one host`);
  }
  await joinLine(Number(values.hosts) * 3, `'host-' || i % ${Number(values.hosts)} || '.example'`);
  await queue.tick();
  await measure(`and three in line for each of ${values.hosts} hosts, ready as far as these can take them`);
} finally {
  await db.close();
  await server.drop();
}

/** Adds sessions straight to the lines, as an enqueue does. */
async function joinLine(count: number, hostKey: string): Promise<void> {
  await db.query(
    `insert into scraping_sessions (batch_id, source, location, host_key, wake_at, priority)
     select gen_random_uuid(), 'other', 'Georgia', ${hostKey}, 'infinity', i % 7 from generate_series(1, $1::int) i`,
    [count],
  );
  await db.query('vacuum analyze scraping_sessions');
}

async function measure(what: string): Promise<void> {
  const took = { claim: [] as number[], tick: [] as number[], step: [] as number[] };
  const timed = async <T>(into: number[], act: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const answer = await act();
    into.push(performance.now() - startedMs);
    return answer;
  };
  for (let turn = 0; turn < TURNS; turn += 1) {
    await queue.enqueue([{ source: 'permits', location: 'elsewhere' }]);
    queue.noteWake();
    const free = await timed(took.claim, () => queue.claim(CLAIM));
    await queue.complete(free);
    await timed(took.tick, () => queue.tick(['permits']));
    const [slow] = await queue.claim({ ...CLAIM, sources: ['other'] });
    if (slow) await timed(took.step, () => queue.complete([slow]));
  }
  const line = Object.entries(took).map(([name, ms]) => `${name} ${spread(ms)}`);
  console.log(`${what}: ${line.join(', ')}`);
}

function spread(ms: readonly number[]): string {
  if (ms.length === 0) return 'none';
  return `p50 ${quantile(ms, 0.5).toFixed(1)} ms p99 ${quantile(ms, 0.99).toFixed(1)} ms`;
}
