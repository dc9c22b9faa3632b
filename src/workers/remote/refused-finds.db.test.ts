import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { silentLogger } from '#lib/logger.ts';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import { SessionLogWriter } from '../logs/session-log-writer.ts';
import { ManagerQueue } from '../manager/manager-queue.ts';
import type { ManagerPorts } from '../ports/manager-ports.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import { DeliveryTries } from '../spool/delivery-tries.ts';
import type { SessionSpool } from '../spool/session-spool.ts';
import { spoolFolderOf } from '../spool/spool-file.ts';
import { WorkerSpool } from '../spool/worker-spool.ts';
import { AbandonedClaims } from '../worker/abandoned-claims.ts';
import { remoteManagerPorts } from './remote-manager-ports.ts';
import { remoteWorkerPorts } from './remote-worker-ports.ts';
import { ServerClient } from './server-client.ts';

/** So often the server may fail at a file before it is set aside; see spool/delivery-tries.ts. */
const ROUNDS = 12;

let server: TestServerContext;
let http: ApiServer;
let client: ServerClient;
let ports: ManagerPorts;
let spool: WorkerSpool;
let folder: string;
const clients: ServerClient[] = [];

beforeEach(async () => {
  server = await createTestServerContext();
  http = await startApiServer();
  folder = await mkdtemp(path.join(tmpdir(), 'eko-refused-'));
  client = await clientOfNewToken();
  ports = portsOf(client);
  await ports.queue.registerWorker(worker());
  spool = workerSpool(new DeliveryTries(0));
});
afterEach(async () => {
  for (const one of clients.splice(0)) await one.close();
  await http.close();
  await server.close();
  await rm(folder, { recursive: true });
});

async function clientOfNewToken(): Promise<ServerClient> {
  const { body } = await (await createApiCaller()).post('/api/tokens', { name: 'cellar', role: 'worker' });
  const made = new ServerClient({ serverUrl: http.origin, token: String(body.token) });
  clients.push(made);
  return made;
}

const portsOf = (client: ServerClient) =>
  remoteManagerPorts({ client, heartbeatClient: client, signalClient: client, leaseMs: 30_000 });

/** No process has this id, so its manager takes it for dead. */
const worker = () => ({ workerId: 'cellar-1', nodeId: 'cellar', hostname: hostname(), pid: 4_194_305, concurrency: 4 });

const workerSpool = (tries?: DeliveryTries) =>
  new WorkerSpool({
    folder,
    workerId: 'cellar-1',
    queue: ports.queue,
    logger: silentLogger(),
    ...(tries && { tries }),
  });

const managerQueue = (its = ports, tries = new DeliveryTries(0)) =>
  new ManagerQueue({ ...its, spoolFolder: folder, logger: silentLogger(), tries });

/** From here on every statement that brings such a row fails on the server, in a way that nobody foresaw. */
async function failAt(
  table: 'leads' | 'session_logs' | 'scraping_sessions',
  column: 'name' | 'message' | 'location',
  value: string,
): Promise<void> {
  await server.database.db.query(`
    create function fail_at_row() returns trigger language plpgsql as $$ begin raise exception 'a bug'; end $$`);
  await server.database.db.query(`
    create trigger fail_at_row before insert or update on ${table} for each row when (new.${column} = '${value}')
    execute function fail_at_row()`);
}

const failNoMore = () => server.database.db.query('drop function fail_at_row cascade');

/** A session for each of these places. */
async function claim(...names: string[]): Promise<ClaimedSession[]> {
  await server.context.queue.enqueue(names.map((location) => ({ source: 'permits', location })));
  const options = { workerId: 'cellar-1', sources: ['permits'], limit: names.length, jobTimeoutMs: 60_000 };
  const claimed = await ports.queue.claim(options);
  expect(claimed.map(({ location }) => location)).toEqual(names);
  return claimed;
}

/** A session for each name, claimed, whose only lead bears it and waits on disk with its end. */
async function leaveOnDisk(...names: string[]): Promise<ClaimedSession[]> {
  const claimed = await claim(...names);
  for (const session of claimed) {
    const file = spool.open(session);
    await save(file, session.location);
    const stats = { requestsMade: 1, requestsFailed: 0, bytesReceived: 1 };
    await file.append({ kind: 'ending', outcome: { kind: 'completed' }, stats });
  }
  return claimed;
}

const save = (file: SessionSpool, name: string) =>
  file.append({ kind: 'checkpoint', cursor: 1, leads: [leadOf(name)], watermarks: [] });

function leadOf(name: string) {
  const draft = { portal: 'p', sourceRowId: name, sourceUrl: 'https://permits.example.com', role: 'owner' };
  const lead = normalizeLead({ ...draft, name, address: '1 Example Street', provenance: {} }, madeNow);
  if ('rejected' in lead) throw new Error(lead.rejected);
  return lead;
}

const madeNow = { source: 'permits', now: new Date(0) };

const rows = () =>
  server.database.db.query('select location, status, retry_count as tries from scraping_sessions order by id');
const files = async () => (await readdir(spoolFolderOf(folder, 'cellar-1')).catch(() => [] as string[])).sort();
const fileOf = ({ id, claimNumber }: ClaimedSession) => `${id}-${claimNumber}.spool`;

describe('finds on disk that the server fails at, while it answers all else', () => {
  it('hold up no other session of their worker, and are set aside when that goes on', async () => {
    await failAt('leads', 'name', 'Robin Bad');
    const [bad, good] = await leaveOnDisk('Robin Bad', 'Robin Good');
    if (!bad || !good) throw new Error('Nothing was claimed.');
    await spool.deliverAll();
    expect(await rows()).toMatchObject([{ status: 'running' }, { status: 'completed' }]);
    for (let round = 2; round < ROUNDS; round += 1) await spool.deliverAll();
    expect(await files()).toEqual([fileOf(bad)]);
    await spool.deliverAll();
    expect(await files()).toEqual([`${fileOf(bad)}.bad`]);
    expect(spool.pendingClaims).toEqual([]);
    // Its end was lost, so this try counts.
    expect(await rows()).toMatchObject([{ status: 'pending', tries: 1 }, { status: 'completed' }]);
  });

  it('are delivered when it fails no more', async () => {
    await failAt('leads', 'name', 'Robin Bad');
    await leaveOnDisk('Robin Bad');
    for (let round = 1; round < ROUNDS; round += 1) await spool.deliverAll();
    await failNoMore();
    await spool.deliverAll();
    expect(await rows()).toMatchObject([{ status: 'completed' }]);
    expect(await files()).toEqual([]);
  });

  it('are waited for longer than a moment, however many heartbeats come meanwhile', async () => {
    spool = workerSpool();
    await failAt('leads', 'name', 'Robin Bad');
    const [bad] = await leaveOnDisk('Robin Bad');
    if (!bad) throw new Error('Nothing was claimed.');
    const manager = managerQueue(ports, new DeliveryTries());
    for (let round = 1; round <= 2 * ROUNDS; round += 1) {
      await spool.deliverAll();
      await manager.rescue();
    }
    expect(await files()).toEqual([fileOf(bad)]);
    expect(await rows()).toMatchObject([{ status: 'running', tries: 0 }]);
  });

  it('have all their tries again when the session itself has delivered meanwhile', async () => {
    const [claimed] = await claim('Robin Bad');
    if (!claimed) throw new Error('Nothing was claimed.');
    const file = spool.open(claimed);
    for (let time = 1; time <= 2; time += 1) {
      await failAt('leads', 'name', 'Robin Bad');
      await save(file, 'Robin Bad');
      for (let round = 1; round < ROUNDS; round += 1) await spool.deliverAll();
      await failNoMore();
      expect(await file.deliver()).toMatchObject({ end: 'saved' });
    }
    expect(await files()).toEqual([]);
  });

  it('do not keep the sessions of a dead worker from others, nor its name from the next', async () => {
    await failAt('leads', 'name', 'Robin Bad');
    await leaveOnDisk('Robin Bad', 'Robin Good');
    const manager = managerQueue();
    expect(await manager.releaseWorker('cellar-1', 'killed')).toBe(1);
    expect(await rows()).toMatchObject([{ status: 'pending', tries: 0 }, { status: 'completed' }]);
    // Another attempt finds them again.
    expect(await files()).toEqual([]);
    await manager.registerWorker(worker());
  });

  it('are set aside by the manager of a dead worker whose lease is long', async () => {
    await failAt('leads', 'name', 'Robin Bad');
    const [bad] = await leaveOnDisk('Robin Bad');
    if (!bad) throw new Error('Nothing was claimed.');
    const manager = managerQueue();
    for (let round = 1; round < ROUNDS; round += 1) await manager.rescue();
    expect(await files()).toEqual([fileOf(bad)]);
    await manager.rescue();
    expect(await files()).toEqual([`${fileOf(bad)}.bad`]);
  });

  it('are those of another token too: a machine whose token has changed goes on', async () => {
    await leaveOnDisk('Robin Good');
    await server.database.db.query('update worker_instances set lease_until = clock_timestamp()');
    const manager = managerQueue(portsOf(await clientOfNewToken()));
    await manager.registerWorker(worker());
    expect(await rows()).toMatchObject([{ status: 'pending', tries: 0 }]);
    await manager.releaseWorker('cellar-1', 'stopped');
    expect(await files()).toEqual([]);
  });
});

describe('a line of a log that the server fails at, while it answers all else', () => {
  it('is dropped after a while, and holds up no other', async () => {
    await failAt('session_logs', 'message', 'bad');
    const [session] = await claim('Robin Good');
    if (!session) throw new Error('Nothing was claimed.');
    const { journal } = remoteWorkerPorts(client);
    const refused: unknown[] = [];
    const onRefused = (error: unknown) => refused.push(error);
    const logs = new SessionLogWriter({ journal, workerId: 'cellar-1', flushMs: 1, onRefused });
    for (const message of ['first', 'bad', 'last']) {
      logs.write({ sessionId: session.id, claimNumber: session.claimNumber, level: 'info', message });
    }
    await waitFor(async () => (await server.database.db.query('select from session_logs')).length === 2);
    expect(await server.database.db.query('select message from session_logs order by id')).toEqual([
      { message: 'first' },
      { message: 'last' },
    ]);
    expect(refused).toMatchObject([{ name: 'CallFailedError' }]);
    await logs.close();
  });
});

describe('a session that the server cannot take back, while it answers all else', () => {
  it('holds up no other', async () => {
    const [bad, good] = await claim('Robin Bad', 'Robin Good');
    if (!bad || !good) throw new Error('Nothing was claimed.');
    await failAt('scraping_sessions', 'location', 'Robin Bad');
    const abandoned = new AbandonedClaims({ queue: ports.queue, logger: silentLogger(), onGivenBack: () => {} });
    for (const session of [bad, good]) abandoned.add(session, 'The database was away');
    await abandoned.giveBackAll();
    expect(await rows()).toMatchObject([{ status: 'running' }, { status: 'pending' }]);
    expect(abandoned.claims).toMatchObject([{ id: bad.id }]);
    await failNoMore();
    await abandoned.giveBackAll();
    expect(await rows()).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
  });
});

describe('finds on disk that a constraint of the database refuses', () => {
  it('are set aside at once, as where the worker has the database itself', async () => {
    await server.database.db.query(`alter table leads add constraint refused check (name <> 'Robin Bad')`);
    const [bad] = await leaveOnDisk('Robin Bad', 'Robin Good');
    if (!bad) throw new Error('Nothing was claimed.');
    await spool.deliverAll();
    expect(await rows()).toMatchObject([{ status: 'pending', tries: 1 }, { status: 'completed' }]);
    expect(await files()).toEqual([`${fileOf(bad)}.bad`]);
  });
});
