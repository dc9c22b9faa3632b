import { LeaseLostError } from '#lib/errors.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import { waitFor } from '#test/wait-for.ts';
import { type ClaimedSession, JobQueue } from '#workers/queue/job-queue.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck } from '../chaos-check.ts';
import type { ChaosManager, LogLine } from '../chaos-manager.ts';
import { recoverFrom } from '../recovery.ts';
import { processesOf } from '../unharmed.ts';

/** A busy machine may let a process wait for seconds; it must not lose its lease by that. */
const leaseS = (slack: number) => (slack > 1 ? 15 : 6);
/** Of a session that a machine still holds when it is made to stand still, however late that comes. */
const pagesOf = (slack: number) => (slack > 1 ? 150 : 50);
/** A machine that has stood still looks at its lease again within this time. */
const TELL_MS = 10_000;
/** Machines that stand still at once. */
const AT_ONCE = 5;
/** Sessions that a worker of the arena runs at once. */
const SLOTS = 4;
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
    const freezes = long ? tries : 1;
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

/** When a machine stood still, by the clock of the database. */
interface Freeze {
  managerPid: number;
  fromMs: number;
  toMs: number;
}

/** Whole machines stand still until others have claimed all that they had, wake up in the middle of their work, and go on. */
async function freezeMachines(arena: ChaosArena, count: number, slack: number): Promise<string[]> {
  const lease = { workers: 1, leaseS: leaseS(slack) };
  // What comes back finds room there at once: its own sessions are over before a lease ends.
  await arena.startManager({ ...lease, env: { WORKER_CONCURRENCY: String(SLOTS * AT_ONCE) } });
  const machines = await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, () => arena.startManager(lease)));
  const pids = processesOf(arena.managers);
  const freezes: Freeze[] = [];
  let silent = 0;
  let made = 0;
  while (freezes.length < count) {
    const sessions = SLOTS * (AT_ONCE + machines.length);
    made += (await arena.enqueuePages(sessions, { pages: pagesOf(slack), stepMs: 40 })).length;
    await untilAllWork(arena, machines, slack);
    const fromMs = await arena.databaseNowMs();
    await recoverFrom(arena, {
      choose: () => machines,
      strike: () => {
        for (const machine of machines) machine.signalMachine('SIGSTOP');
      },
      timeoutMs: 60_000 * slack,
    });
    const toMs = await arena.databaseNowMs();
    const seen = machines.map(({ lines }) => lines.length);
    freezes.push(...machines.map(({ pid }) => ({ managerPid: pid, fromMs, toMs })));
    for (const machine of machines) machine.signalMachine('SIGCONT');
    await arena.untilAllEnded(90_000 * slack);
    const silentOnes = () => machines.filter(({ lines }, at) => !lines.slice(seen[at]).some(tellsOfLease));
    await waitFor(() => silentOnes().length === 0, { timeoutMs: TELL_MS * slack }).catch(() => {});
    silent += silentOnes().length;
  }
  const ended = pids.filter((pid) => !processesOf(arena.managers).includes(pid));
  const failures = await arena.verify({ completed: made });
  if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because they had stood still`);
  if (silent > 0) failures.push(`${silent} of ${freezes.length} machines did not tell that their lease was over`);
  return [...failures, ...(await findWrongLosses(arena, freezes))];
}

const tellsOfLease = ({ level, message }: LogLine) =>
  level === 'warn' && /lease/i.test(message) && / (?:ended|ran out)/.test(message);

/** Each has saved something and is about to save more. */
async function untilAllWork(arena: ChaosArena, machines: readonly ChaosManager[], slack: number): Promise<void> {
  const haveWork = async () => {
    const busy = await arena.db.query(
      `select distinct w.manager_pid from scraping_sessions s join worker_instances w using (worker_id)
       where s.status = 'running' and s.leads_found > 0 and w.manager_pid = any($1::int[])`,
      [machines.map(({ pid }) => pid)],
    );
    return busy.length === machines.length;
  };
  await waitFor(haveWork, { timeoutMs: 30_000 * slack, what: 'all machines to have work' });
}

/** A freeze costs its machine the claims that it held then, and nobody else any. */
async function findWrongLosses(arena: ChaosArena, freezes: readonly Freeze[]): Promise<string[]> {
  const rows = await arena.db.query<{ claim: string; freeze: number | null }>(
    `select format('claim %s of session %s by %s', m.claim_number, m.session_id, m.worker_id) as claim, f.number as freeze
     from scraper_metrics m join worker_instances w using (worker_id)
     left join unnest($1::int[], $2::float8[], $3::float8[]) with ordinality as f(manager_pid, from_ms, to_ms, number)
       on f.manager_pid = w.manager_pid and extract(epoch from m.started_at) * 1000 < f.to_ms
       and extract(epoch from m.timestamp) * 1000 > f.from_ms
     where m.outcome = 'lost'`,
    [freezes.map((f) => f.managerPid), freezes.map((f) => f.fromMs), freezes.map((f) => f.toMs)],
  );
  const others = rows.filter(({ freeze }) => freeze === null).map(({ claim }) => claim);
  const felt = new Set(rows.map(({ freeze }) => freeze)).size - (others.length > 0 ? 1 : 0);
  return [
    ...(others.length > 0
      ? [`${others.length} claims were lost without a freeze: ${others.slice(0, 3).join(', ')}`]
      : []),
    ...(felt < freezes.length ? [`only ${felt} of ${freezes.length} freezes cost a machine a claim`] : []),
  ];
}
