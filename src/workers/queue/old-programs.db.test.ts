import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '#lib/db/migrate.ts';
import { PROGRAM_SCHEMA, ProgramBehindError } from '#lib/db/schema-version.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import { BotQueue } from './bot-queue.ts';
import { JobQueue } from './job-queue.ts';

let bed: QueueBed;
let folder: string;
beforeAll(async () => {
  bed = await createQueueBed();
  folder = mkdtempSync(path.join(tmpdir(), 'eko-migrations-'));
  cpSync('drizzle', folder, { recursive: true });
});
afterAll(async () => {
  await bed.drop();
  rmSync(folder, { recursive: true });
});

const NEXT = PROGRAM_SCHEMA + 1;

/** As docs/upgrades.md says that a migration which takes something away has to end. */
const CONTRACT = `alter table portals drop column note;
--> statement-breakpoint
update schema_support set oldest_program = ${NEXT};
--> statement-breakpoint
update worker_instances set lease_until = clock_timestamp();`;

function addContraction(): void {
  writeFileSync(path.join(folder, '0900_contract.sql'), CONTRACT);
  const file = path.join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8'));
  journal.entries.push({
    idx: 900,
    version: '7',
    when: Date.now() + 86_400_000,
    tag: '0900_contract',
    breakpoints: true,
  });
  writeFileSync(file, JSON.stringify(journal));
}

const WAITING = `
select from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query like '%schema_support%'`;

const WORKER = { workerId: 'old', nodeId: 'n', hostname: 'h', pid: 1, concurrency: 4 };
const BEAT = {
  workerId: 'old',
  status: 'idle',
  activeSessions: 0,
  jobsProcessed: 0,
  jobsSucceeded: 0,
  jobsFailed: 0,
} as const;

describe('a program that a migration has left behind', () => {
  it('can claim nothing and gets no lease from the commit of the migration on; what it ran goes on elsewhere, uncharged', async () => {
    const old = new JobQueue({ db: bed.db });
    await old.registerWorker(WORKER);
    const running = await bed.start({}, 'old');
    await old.enqueue([{ source: 'permits', location: 'waiting' }]);
    addContraction();
    expect(await migrate(bed.url, folder)).toMatchObject({ applied: 1 });

    expect(await bed.claim('old')).toEqual([]);
    expect(await bed.claim('worker')).toEqual([]);
    expect((await old.renewLeases([BEAT])).lost).toEqual(['old']);
    await expect(old.registerWorker(WORKER)).rejects.toThrow(ProgramBehindError);
    expect(await bed.claim('old')).toEqual([]);

    const newer = new JobQueue({ db: bed.db, program: NEXT });
    expect(await newer.rescue()).toBe(1);
    expect(await bed.row(running.id)).toMatchObject({ status: 'pending', retryCount: 0, crashCount: 0 });
    expect((await bed.attempts(running.id)).map((attempt) => attempt.outcome)).toEqual(['lost']);
    await newer.registerWorker({ ...WORKER, workerId: 'new' });
    expect(await bed.claim('new')).toHaveLength(2);
  });

  it('keeps no lease that it had got in some other way', async () => {
    await bed.db.query(
      `update worker_instances set lease_until = clock_timestamp() + interval '1 minute' where worker_id = 'old'`,
    );
    expect((await new JobQueue({ db: bed.db }).renewLeases([BEAT])).lost).toEqual(['old']);
    expect((await new JobQueue({ db: bed.db, program: NEXT }).renewLeases([BEAT])).lost).toEqual([]);
    await bed.db.query(`update worker_instances set kind = 'bot' where worker_id = 'old'`);
    expect(await new BotQueue({ db: bed.db }).renewBot('old', 60_000)).toMatchObject({ alive: false });
    expect(await new BotQueue({ db: bed.db, program: NEXT }).renewBot('old', 60_000)).toMatchObject({ alive: true });
  });

  it('waits with its registration for a migration under way, and is refused by it', async () => {
    await bed.db.query(`update schema_support set oldest_program = ${PROGRAM_SCHEMA}`);
    let registering: Promise<unknown> = Promise.resolve();
    await bed.db.transaction(async (migration) => {
      await migration.query(`update schema_support set oldest_program = ${NEXT}`);
      registering = bed
        .otherQueue()
        .registerWorker(WORKER)
        .catch((error: unknown) => error);
      const isWaiting = async () => (await bed.db.query(WAITING)).length === 1;
      await waitFor(isWaiting, { what: 'the registration to wait for the migration' });
    });
    expect(await registering).toBeInstanceOf(ProgramBehindError);
  });
});
