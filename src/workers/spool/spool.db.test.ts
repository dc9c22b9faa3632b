import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { DatabaseUnavailableError } from '#lib/errors.ts';
import { silentLogger } from '#lib/logger.ts';
import { makeGivenRunner, type Work } from '#test/given-runner.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { ManagerQueue } from '../manager/manager-queue.ts';
import { pgManagerPorts } from '../ports/manager-ports.ts';
import { WorkerQueue } from '../ports/worker-queue.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import type { SpoolLimits } from './spool-budget.ts';
import { decodeRecords, encodeRecord, type SpoolRecord } from './spool-record.ts';
import { WorkerSpool } from './worker-spool.ts';

let bed: QueueBed;
let proxy: TcpFaultProxy;
/** The worker's way to the database, which breaks. */
let db: Db;
let queue: WorkerQueue;
let folder: string;
let spool: WorkerSpool;
let leaseSafe: boolean;

beforeAll(async () => {
  bed = await createQueueBed();
});
afterAll(() => bed.drop());

beforeEach(async () => {
  await bed.register('worker');
  proxy = await TcpFaultProxy.start({ port: Number(new URL(bed.url).port) });
  db = createDb({ connectionString: proxy.through(bed.url), applicationName: 'eko-test-worker' });
  queue = new WorkerQueue({ db });
  folder = await mkdtemp(path.join(tmpdir(), 'eko-spool-'));
  spool = openSpool();
  leaseSafe = true;
});
afterEach(async () => {
  await proxy.close();
  await db.close();
  await rm(folder, { recursive: true });
  await bed.clear();
  await bed.db.query('alter table leads drop constraint if exists refused');
  await bed.db.query('truncate leads cascade');
});

const openSpool = (limits: Partial<SpoolLimits> = {}) =>
  new WorkerSpool({ folder, workerId: 'worker', queue, logger: silentLogger(), limits });

function makeRunner(work: Work) {
  return makeGivenRunner(work, { db, queue, openSpool: (claim) => spool.open(claim), isLeaseSafe: () => leaseSafe });
}

/** From here on the database cannot be reached by the worker. */
function loseDatabase(): void {
  proxy.set({ refuse: true });
  proxy.cut();
}

/** The lease is over without anybody having said so. */
function endLease(runner: ReturnType<typeof makeRunner>): void {
  leaseSafe = false;
  runner.abortAll(new DatabaseUnavailableError('The database was away until the lease ran out'));
}

const leadNames = async () => (await bed.db.query('select name from leads order by id')).map((row) => row.name);
const spoolFiles = async () => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.spool'));

const folderNames = (workerId = 'worker') => readdir(path.join(folder, workerId));

/** Whole, and of no shape that we know. */
const oddRecord = encodeRecord({ kind: 'odd' } as unknown as SpoolRecord);

/** From here on the database refuses the lead of a row for good. */
async function refuseLead(row: string): Promise<void> {
  await bed.db.query(`alter table leads add constraint refused check (name <> 'Person ${row}')`);
}

/** The last record of the only file, which is the end of the attempt. */
async function spoilLastRecord(): Promise<void> {
  const [name = ''] = await spoolFiles();
  const file = path.join(folder, name);
  const { records } = decodeRecords(await readFile(file));
  await writeFile(file, Buffer.concat([...records.slice(0, -1).map(encodeRecord), oddRecord]));
}

function managerQueue(): ManagerQueue {
  const ports = pgManagerPorts({ db: bed.db, heartbeatDb: bed.db, listenUrl: bed.url, leaseMs: 30_000 });
  return new ManagerQueue({ ...ports, spoolFolder: folder, logger: silentLogger() });
}

/** A session that found two pages while the database was away; its outcome waits on disk too. */
async function leaveOnDisk(): Promise<ClaimedSession> {
  const session = await bed.start();
  const runner = makeRunner(async (it) => {
    loseDatabase();
    it.emit('1');
    await it.save(1);
    it.emit('2');
    await it.save(2);
    endLease(runner);
    await it.untilAborted();
  });
  runner.start(session);
  await runner.idle();
  expect(await spoolFiles()).toEqual([`worker/${session.id}-${session.claimNumber}.spool`]);
  expect(await leadNames()).toEqual([]);
  return session;
}

describe('what a worker finds while the database is away', () => {
  it('waits on disk while the scrape goes on, and is delivered in order, with the outcome last', async () => {
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      it.emit('1');
      await it.save(1);
      loseDatabase();
      for (const page of [2, 3, 4]) {
        it.emit(String(page));
        it.emit('1');
        expect(await it.save(page)).toEqual({ found: 1, fresh: 1 });
      }
      expect(await leadNames()).toEqual(['Person 1']);
      proxy.heal();
    });
    runner.start(session);
    await runner.idle();
    expect(await bed.row(session.id)).toMatchObject({
      status: 'completed',
      cursor: 4,
      leadsFound: 4,
      statusReason: '4 leads, 4 of them new',
    });
    expect(await leadNames()).toEqual(['Person 1', 'Person 2', 'Person 3', 'Person 4']);
    expect(await spoolFiles()).toEqual([]);
  });

  it('is delivered by the next checkpoint or heartbeat, while the session runs', async () => {
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      loseDatabase();
      it.emit('1');
      await it.save(1);
      proxy.heal();
      await spool.deliverAll();
      expect(await bed.row(session.id)).toMatchObject({ cursor: 1, leadsFound: 1 });
      loseDatabase();
      await it.save(2);
      proxy.heal();
      it.emit('3');
      expect(await it.save(3)).toEqual({ found: 2, fresh: 2 });
      expect(await spoolFiles()).toEqual([]);
    });
    runner.start(session);
    await runner.idle();
    expect(await bed.row(session.id)).toMatchObject({ status: 'completed', cursor: 3 });
  });

  it('is handed in under its claim when the lease ended first and nobody has taken the session', async () => {
    const session = await leaveOnDisk();
    proxy.heal();
    await spool.deliverAll();
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2, retryCount: 0 });
    expect(await leadNames()).toEqual(['Person 1', 'Person 2']);
    expect(await bed.attempts(session.id)).toMatchObject([{ outcome: 'interrupted', leadsFound: 2 }]);
    expect(await spoolFiles()).toEqual([]);
  });

  it('brings the end of an attempt that went through a proxy', async () => {
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      it.noteProxy('proxy.example.com:8080');
      loseDatabase();
      it.emit('1');
      await it.save(1);
      leaseSafe = false;
    });
    runner.start(session);
    await runner.idle();
    proxy.heal();
    await spool.deliverAll();
    expect(await bed.row(session.id)).toMatchObject({ status: 'completed' });
    expect(await folderNames()).toEqual([]);
  });

  it('is set aside where it cannot be read, after all that can be', async () => {
    const session = await leaveOnDisk();
    await spoilLastRecord();
    proxy.heal();
    await spool.deliverAll();
    expect(await leadNames()).toEqual(['Person 1', 'Person 2']);
    expect(await folderNames()).toEqual([`${session.id}-${session.claimNumber}.spool.bad`]);
    expect(spool.pendingClaims).toEqual([]);
    // Its end was lost, so this try counts; it is not running for ever.
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, retryCount: 1 });
  });

  it('is set aside where the database refuses it, and holds up no other session', async () => {
    const [first, second] = [await bed.start({ location: 'Georgia' }), await bed.start({ location: 'Ohio' })];
    const runner = makeRunner(async (it) => {
      loseDatabase();
      it.emit(it.location === 'Georgia' ? '1' : '2');
      await it.save(1);
      leaseSafe = false;
    });
    for (const session of [first, second]) runner.start(session);
    await runner.idle();
    await refuseLead('1');
    proxy.heal();
    await spool.deliverAll();
    expect(await leadNames()).toEqual(['Person 2']);
    expect((await bed.row(second.id)).status).toBe('completed');
    expect(await folderNames()).toEqual([`${first.id}-${first.claimNumber}.spool.bad`]);
    expect(await bed.row(first.id)).toMatchObject({ status: 'pending', retryCount: 1 });
  });

  it('and is refused then fails the try, rather than being passed over by what is found later', async () => {
    await refuseLead('1');
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      loseDatabase();
      it.emit('1');
      await it.save(1);
      proxy.heal();
      await spool.deliverAll();
      it.emit('2');
      await it.save(2);
    });
    runner.start(session);
    await runner.idle();
    expect(await folderNames()).toEqual([`${session.id}-${session.claimNumber}.spool.bad`]);
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: null, retryCount: 1 });
    expect(await leadNames()).toEqual([]);
  });

  it('is dropped when somebody else has taken the session, who finds it again', async () => {
    const session = await leaveOnDisk();
    await bed.lapse('worker');
    await bed.queue.rescue();
    await bed.register('other');
    const [again] = await bed.claim('other');
    proxy.heal();
    await spool.deliverAll();
    expect(again?.id).toBe(session.id);
    expect(await bed.row(session.id)).toMatchObject({ status: 'running', cursor: null, leadsFound: 0 });
    expect(await leadNames()).toEqual([]);
    expect(await spoolFiles()).toEqual([]);
    await bed.lapse('other');
    await bed.register('worker');
  });

  it('waits for the database when the disk has no room for it', async () => {
    spool = openSpool({ workerBytesMax: 10 });
    const session = await bed.start();
    const runner = makeRunner(async (it) => {
      loseDatabase();
      it.emit('1');
      const saving = it.save(1);
      await waitFor(() => proxy.acceptedCount > 3);
      proxy.heal();
      await saving;
    });
    runner.start(session);
    await runner.idle();
    expect(await bed.row(session.id)).toMatchObject({ status: 'completed', cursor: 1, leadsFound: 1 });
    expect(await spoolFiles()).toEqual([]);
  });

  it('is for nobody else to read', async () => {
    await leaveOnDisk();
    const [file = ''] = await spoolFiles();
    expect((await stat(path.join(folder, file))).mode & 0o077).toBe(0);
    expect((await stat(path.join(folder, path.dirname(file)))).mode & 0o077).toBe(0);
  });
});

describe('what a worker that is gone has left on disk', () => {
  it('is delivered by the manager of its machine before the sessions are taken back', async () => {
    const session = await leaveOnDisk();
    await managerQueue().releaseWorker('worker', 'crashed');
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2, crashCount: 0 });
    expect(await spoolFiles()).toEqual([]);
  });

  it('is delivered by the next manager, whose workers bear other names, and only its whole records', async () => {
    const session = await leaveOnDisk();
    const [file = ''] = await spoolFiles();
    await appendFile(path.join(folder, file), Buffer.from([0, 0, 1, 0, 9, 9, 9, 9, 9]));
    await bed.lapse('worker');
    await managerQueue().rescue();
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2 });
    expect(await spoolFiles()).toEqual([]);
  });

  it('goes first when the lease of a living worker had passed', async () => {
    const session = await leaveOnDisk();
    await bed.lapse('worker');
    await bed.register('worker', managerQueue());
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2 });
    expect(await bed.attempts(session.id)).toMatchObject([{ outcome: 'interrupted' }]);
    // The worker finds that there is nothing left to do.
    proxy.heal();
    await spool.deliverAll();
    expect((await bed.row(session.id)).status).toBe('pending');
  });

  it('is left alone when it belongs to another database', async () => {
    const session = await leaveOnDisk();
    await bed.db.query('update scraping_sessions set batch_id = gen_random_uuid() where id = $1', [session.id]);
    await bed.lapse('worker');
    await managerQueue().rescue();
    expect(await spoolFiles()).toEqual([`worker/${session.id}-${session.claimNumber}.spool`]);
    expect(await leadNames()).toEqual([]);
  });

  it('is left to a worker that lives, whose manager may be another one that shares the folder', async () => {
    const session = await leaveOnDisk();
    await managerQueue().rescue();
    expect(await spoolFiles()).toEqual([`worker/${session.id}-${session.claimNumber}.spool`]);
    proxy.heal();
    await spool.deliverAll();
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2 });
  });

  it('is set aside where it cannot be read, after all that can be', async () => {
    const session = await leaveOnDisk();
    await spoilLastRecord();
    await bed.lapse('worker');
    await managerQueue().rescue();
    expect(await bed.row(session.id)).toMatchObject({ status: 'pending', cursor: 2, leadsFound: 2 });
    expect(await folderNames()).toEqual([`${session.id}-${session.claimNumber}.spool.bad`]);
  });

  it('is set aside when it does not even say whose it is', async () => {
    await mkdir(path.join(folder, 'gone'));
    await writeFile(path.join(folder, 'gone', '1-1.spool'), oddRecord);
    await managerQueue().rescue();
    expect(await folderNames('gone')).toEqual(['1-1.spool.bad']);
  });

  it('is thrown away when it never got its first record, but not while that may still come', async () => {
    await mkdir(path.join(folder, 'gone'));
    const old = path.join(folder, 'gone', '1-1.spool');
    for (const file of [old, path.join(folder, 'gone', '2-1.spool')]) await writeFile(file, 'torn');
    await utimes(old, new Date(0), new Date(0));
    await managerQueue().rescue();
    expect(await spoolFiles()).toEqual(['gone/2-1.spool']);
  });

  it('stops no rescue when the disk does not give it', async () => {
    await mkdir(path.join(folder, 'gone', '1-1.spool'), { recursive: true });
    const session = await bed.start();
    await bed.lapse('worker');
    expect(await managerQueue().rescue()).toBe(1);
    expect((await bed.row(session.id)).status).toBe('pending');
  });
});
