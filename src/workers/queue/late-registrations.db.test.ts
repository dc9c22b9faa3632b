import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Db } from '#lib/db/create-db.ts';
import { LeaseLostError } from '#lib/errors.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue, type WorkerRegistration } from './job-queue.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterAll(() => bed.drop());
beforeEach(async () => {
  await bed.clear();
  await bed.db.query(`delete from worker_instances where worker_id = 'named'`);
});

/** One process after the other bears the name "named". */
function processAfter(minutes: number): WorkerRegistration & { processStartedAt: Date } {
  const processStartedAt = new Date(Date.UTC(2026, 0, 1, 0, minutes));
  return { workerId: 'named', nodeId: 'node', hostname: 'host', pid: 100 + minutes, concurrency: 4, processStartedAt };
}

const register = (worker: WorkerRegistration) => bed.queue.registerWorker(worker);

async function workerRow(): Promise<Record<string, unknown> | undefined> {
  const [row] = await bed.db.query(
    `select pid, status, jobs_processed as jobs, lease_until > clock_timestamp() + interval '20 seconds' as "isRenewed"
     from worker_instances where worker_id = 'named'`,
  );
  return row;
}

it('leaves a process what it holds when its registration is repeated, and renews its lease', async () => {
  await register(processAfter(1));
  const claim = await bed.start({}, 'named');
  await bed.db.query(
    `update worker_instances set jobs_processed = 7, lease_until = clock_timestamp() + interval '9 seconds'
     where worker_id = 'named'`,
  );
  await register(processAfter(1));
  expect(await bed.row(claim.id)).toMatchObject({ status: 'running', claimNumber: claim.claimNumber });
  expect(await workerRow()).toEqual({ pid: 101, status: 'starting', jobs: 7, isRenewed: true });
});

it('gives back what a process held whose lease is over, when it registers again', async () => {
  await register(processAfter(1));
  const claim = await bed.start({}, 'named');
  await bed.lapse('named');
  await register(processAfter(1));
  expect(await bed.row(claim.id)).toMatchObject({ status: 'pending' });
  expect(await workerRow()).toMatchObject({ isRenewed: true });
});

it('refuses the registration of an older process that comes late, and changes nothing', async () => {
  await register(processAfter(2));
  const claim = await bed.start({}, 'named');
  await expect(register(processAfter(1))).rejects.toThrow(LeaseLostError);
  expect(await bed.row(claim.id)).toMatchObject({ status: 'running', claimNumber: claim.claimNumber });
  expect(await workerRow()).toMatchObject({ pid: 102 });
});

it('lets an older process have the name once the younger has ended, as after a clock was set back', async () => {
  await register(processAfter(2));
  await bed.queue.releaseWorker('named', 'crashed', { pid: 102 });
  await register(processAfter(1));
  expect(await workerRow()).toMatchObject({ pid: 101, status: 'starting' });
});

it('gives the name to a younger process, whose manager knows nothing of the one before', async () => {
  await register(processAfter(1));
  const claim = await bed.start({}, 'named');
  await register(processAfter(2));
  expect(await bed.row(claim.id)).toMatchObject({ status: 'pending' });
  expect(await workerRow()).toMatchObject({ pid: 102 });
});

it('takes nothing from a process when the end of the one before is told late', async () => {
  await register(processAfter(1));
  await bed.queue.releaseWorker('named', 'crashed', { pid: 101 });
  await register(processAfter(2));
  const claim = await bed.start({}, 'named');
  expect(await bed.queue.releaseWorker('named', 'crashed', { pid: 101 })).toBe(0);
  expect(await bed.row(claim.id)).toMatchObject({ status: 'running', claimNumber: claim.claimNumber });
  expect(await workerRow()).toMatchObject({ pid: 102, status: 'starting', isRenewed: true });
  expect(await bed.queue.releaseWorker('named', 'crashed', { pid: 102 })).toBe(1);
});

it('takes nothing from a process whose name was given to it while the end of the one before was being told', async () => {
  await register(processAfter(1));
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let statements = 0;
  const slowDb: Db = {
    ...bed.db,
    query: async (text, values) => {
      statements += 1;
      if (statements === 2) {
        reached.resolve();
        await gate.promise;
      }
      return await bed.db.query(text, values);
    },
  };
  const late = new JobQueue({ db: slowDb }).releaseWorker('named', 'crashed', { pid: 101 });
  await reached.promise;
  await register(processAfter(2));
  const claim = await bed.start({}, 'named');
  gate.resolve();
  expect(await late).toBe(0);
  expect(await bed.row(claim.id)).toMatchObject({ status: 'running', claimNumber: claim.claimNumber });
});

it('takes nothing from a process that claims while the sessions of the one before are locked', async () => {
  await register(processAfter(1));
  const claim = await bed.start({}, 'named');
  const locked = Promise.withResolvers<void>();
  const again = bed.db.transaction(async (tx) => {
    await tx.query('select from scraping_sessions where id = $1 for no key update', [claim.id]);
    locked.resolve();
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await waitFor(async () => (await bed.db.query(waiting)).length === 1, { what: 'the release to wait for the lock' });
    // As if it had been given back and claimed again.
    await tx.query('update scraping_sessions set claim_number = claim_number + 2 where id = $1', [claim.id]);
  });
  await locked.promise;
  expect(await bed.queue.releaseWorker('named', 'crashed', { pid: 101 })).toBe(0);
  await again;
  expect(await bed.row(claim.id)).toMatchObject({ status: 'running', claimNumber: claim.claimNumber + 2 });
});
