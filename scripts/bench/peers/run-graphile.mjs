// One round of graphile-worker, set up as its own performance test does it: local queue, batched completion.
// Arguments: connection string, number of jobs, jobs per enqueue call, concurrency. Prints {"enqueueMs","drainMs"}.
import { makeWorkerUtils, run } from 'graphile-worker';

const [connectionString, jobsText, enqueueText, concurrencyText] = process.argv.slice(2);
const jobs = Number(jobsText);
const enqueueSize = Number(enqueueText);
const quiet = { error: console.error, warn: console.error, info() {}, debug() {} };

const { Logger } = await import('graphile-worker');
const logger = new Logger(() => (level, message) => quiet[level === 'warning' ? 'warn' : level]?.(message));
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();

const enqueueStarted = performance.now();
for (let first = 0; first < jobs; first += enqueueSize) {
  const batch = Array.from({ length: Math.min(enqueueSize, jobs - first) }, (_, index) => ({
    identifier: 'scrape',
    payload: { location: `Place ${first + index}` },
  }));
  await utils.addJobs(batch);
}
const enqueueMs = performance.now() - enqueueStarted;

// What autovacuum does within a minute; without it the planner walks the table for each batch (measured: a third of the rate).
await utils.withPgClient((client) => client.query('analyze graphile_worker._private_jobs'));

let done = 0;
const { promise: allDone, resolve } = Promise.withResolvers();
const drainStarted = performance.now();
const runner = await run({
  connectionString,
  logger,
  noHandleSignals: true,
  crontab: '',
  preset: {
    worker: {
      concurrentJobs: Number(concurrencyText),
      maxPoolSize: 25,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
  taskList: {
    scrape() {
      done += 1;
      if (done === jobs) resolve();
    },
  },
});
await allDone;
// The clock stops when nothing is left in the table, so the last completions are counted too.
await runner.stop();
const drainMs = performance.now() - drainStarted;
const left = await utils.withPgClient((client) => client.query('select count(*)::int as n from graphile_worker.jobs'));
if (left.rows[0].n !== 0) throw new Error(`${left.rows[0].n} jobs are left.`);
await utils.release();
console.log(JSON.stringify({ enqueueMs, drainMs }));
process.exit(0);
