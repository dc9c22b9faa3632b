import { setTimeout as wait } from 'node:timers/promises';
import { LeaseLostError } from '#lib/errors.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import { waitFor } from '#test/wait-for.ts';
import { type ClaimedSession, JobQueue } from '#workers/queue/job-queue.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck } from '../chaos-check.ts';
import type { ChaosManager } from '../chaos-manager.ts';

const LEASE_S = 6;
const ERROR = { code: 'network', message: 'The site did not answer.' };

/** What the zombie tries. True when the write went through. */
type StaleWrite = (queue: JobQueue, zombie: ClaimedSession) => Promise<boolean>;

const WRITES: Record<string, StaleWrite> = {
  heartbeat: async (queue) => {
    const beat = { workerId: 'zombie', status: 'running', activeSessions: 1 } as const;
    const { lost } = await queue.renewLeases([{ ...beat, jobsProcessed: 1, jobsSucceeded: 0, jobsFailed: 0 }]);
    return !lost.includes('zombie');
  },
  lead: async (queue, zombie) =>
    await refuses(queue.checkpoint(zombie, { cursor: 9 }, async (tx) => await saveOne(tx, zombie))),
  // The figures of an attempt are written by the statement that ends it; this one brings them alone.
  metric: async (queue, zombie) =>
    (await queue.complete([{ ...zombie, stats: { requestsMade: 99, requestsFailed: 0, bytesReceived: 1 } }])).size > 0,
  complete: async (queue, { id, claimNumber }) => (await queue.complete([{ id, claimNumber }])).size > 0,
  fail: async (queue, zombie) => (await queue.fail(zombie, { error: ERROR })) !== 'stale',
  retry: async (queue, zombie) => (await queue.retry(zombie, { error: ERROR })) !== 'stale',
  snooze: async (queue, zombie) => (await queue.snooze(zombie, { delayMs: 1_000, reason: 'resting' })) !== 'stale',
  'hand back': async (queue, zombie) => (await queue.handBack(zombie, { reason: 'stopping' })) !== 'stale',
  release: async (queue) => (await queue.releaseWorker('zombie', 'crashed')) > 0,
};

export const staleWrites: ChaosCheck = {
  name: 'A4',
  title: 'zombies that write after their lease',
  tries: { short: 10, long: 100 },
  run: async ({ world, tries, long, slack, note }) => {
    const failures: string[] = [];
    await world.withArena(async (arena) => {
      for (const [verb, write] of Object.entries(WRITES)) {
        const accepted = await countAccepted(arena, verb, write, tries);
        if (accepted > 0) failures.push(`${accepted} of ${tries} stale writes were accepted at ${verb}`);
        note(`${verb}: ${accepted} of ${tries} accepted`);
      }
      await arena.db.query('delete from worker_instances');
      failures.push(...(await arena.verify({ completed: Object.keys(WRITES).length * tries })));
    });
    const freezes = long ? 10 : 1;
    failures.push(...(await world.withArena((arena) => freezeMachines(arena, freezes, slack))));
    const verbs = Object.keys(WRITES).length;
    return {
      kind: 'done',
      tries: verbs * tries + freezes,
      failures,
      worst: `0 of ${tries} may pass at each of ${verbs} kinds of write`,
    };
  },
};

/** For each kind of write: a claim whose lease has passed, which another worker has taken over, tries it; then the other completes. */
async function countAccepted(arena: ChaosArena, verb: string, write: StaleWrite, tries: number): Promise<number> {
  const { queue, db } = arena;
  let accepted = 0;
  for (let index = 0; index < tries; index += 1) {
    const [id = 0] = await arena.enqueuePages(1, { pages: 0 });
    await registerWorker(queue, 'zombie');
    const zombie = await claimOne(arena, 'zombie', id);
    await db.query(
      `update worker_instances set lease_until = clock_timestamp() - interval '1 second' where worker_id = 'zombie'`,
    );
    await queue.rescue();
    await registerWorker(queue, 'heir');
    const heir = await claimOne(arena, 'heir', id);
    const before = await snapshot(arena, id);
    if (await write(queue, zombie)) accepted += 1;
    else if ((await snapshot(arena, id)) !== before) accepted += 1;
    if (!(await queue.complete([heir])).has(id))
      throw new Error(`After ${verb} of a zombie its heir could not complete`);
  }
  return accepted;
}

async function registerWorker(queue: JobQueue, workerId: string): Promise<void> {
  await queue.registerWorker({ workerId, nodeId: 'node', hostname: 'host', pid: 1, concurrency: 1 });
}

/** By a queue of its own, whose claim cursor stands at the front. */
async function claimOne(arena: ChaosArena, workerId: string, id: number): Promise<ClaimedSession> {
  const queue = new JobQueue({ db: arena.db });
  const [claimed] = await queue.claim({ workerId, sources: ['permits'], limit: 1, jobTimeoutMs: 60_000 });
  if (claimed?.id !== id) throw new Error(`"${workerId}" got session ${claimed?.id ?? 'none'} instead of ${id}`);
  return claimed;
}

/** All that a write for this session could have changed. */
async function snapshot(arena: ChaosArena, id: number): Promise<string> {
  const [row] = await arena.db.query<{ all: string }>(
    `select concat_ws('|', s::text, (select string_agg(m::text, ';' order by m.claim_number) from scraper_metrics m where m.session_id = s.id),
       (select count(*) from leads), (select string_agg(w.worker_id || w.lease_until, ';' order by w.worker_id)
         from worker_instances w)) as all
     from scraping_sessions s where s.id = $1`,
    [id],
  );
  return row?.all ?? '';
}

async function refuses(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError) return false;
    throw error;
  }
}

async function saveOne(tx: Parameters<typeof saveLeads>[0], { id, batchId, location }: ClaimedSession) {
  const now = new Date();
  const provenance = {
    rule: 'row',
    sourceUrl: 'https://example.com/rows',
    sourceRowId: `${id}`,
    fetchedAt: now.toISOString(),
  };
  const lead = normalizeLead(
    {
      portal: 'zombie',
      sourceRowId: `${id}`,
      sourceUrl: 'https://example.com/rows',
      role: 'owner',
      name: 'Jo Zombie',
      address: '1 Example Street',
      city: 'Savannah',
      state: 'GA',
      provenance: { name: provenance },
    },
    { source: 'permits', now },
  );
  if ('rejected' in lead) throw new Error(`The lead of the check is none: ${lead.rejected}`);
  const { found, fresh } = await saveLeads(tx, [lead], { sessionId: id, batchId, location });
  return { found, fresh };
}

/** Whole machines stand still for longer than the lease, wake up in the middle of their work, and go on. */
async function freezeMachines(arena: ChaosArena, freezes: number, slack: number): Promise<string[]> {
  const first = await arena.startManager({ workers: 1, leaseS: LEASE_S });
  await arena.startManager({ workers: 1, leaseS: LEASE_S });
  let made = 0;
  for (let index = 0; index < freezes; index += 1) {
    made += (await arena.enqueuePages(8, { pages: 50, stepMs: 40 })).length;
    await untilWorking(arena, first);
    first.signalMachine('SIGSTOP');
    await wait((LEASE_S + 2) * 1_000);
    first.signalMachine('SIGCONT');
    await arena.untilAllEnded(90_000 * slack);
  }
  return await arena.verify({ completed: made });
}

async function untilWorking(arena: ChaosArena, { pid }: ChaosManager): Promise<void> {
  await waitFor(async () => (await arena.runningWorkers()).some(({ managerPid }) => managerPid === pid), {
    timeoutMs: 30_000,
    what: 'a machine to have work',
  });
}
