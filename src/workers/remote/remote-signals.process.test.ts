import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';
import { collectEvents } from '../events.ts';
import { WorkerManager } from '../manager/manager.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { remoteManagerPorts } from './remote-manager-ports.ts';
import { ServerClient } from './server-client.ts';

const PATIENT = { timeoutMs: 60_000 };

/** Nothing is looked for and no heartbeat is due before a test is over: what happens was heard. */
const RARELY = { tickMs: 3_600_000, rescueMs: 3_600_000, heartbeatMs: 3_600_000, leaseMs: 80_000_000 };

let server: TestServerContext;
let http: ApiServer;
/** Between the machine without a database and the server. */
let network: TcpFaultProxy;
let api: ApiCaller;
let token: string;
let queue: JobQueue;
const managers: WorkerManager[] = [];
const children: ChildProcess[] = [];
const clients: ServerClient[] = [];

beforeEach(async () => {
  server = await createTestServerContext({ LOCK_TTL: '3600' });
  http = await startApiServer();
  network = await TcpFaultProxy.start({ port: http.port });
  api = await createApiCaller();
  token = String((await api.post('/api/tokens', { name: 'cellar', role: 'worker' })).body.token);
  queue = new JobQueue({ db: server.database.db });
});
afterEach(async () => {
  network.heal();
  await Promise.all(managers.splice(0).map((manager) => manager.stop(0)));
  for (const client of clients.splice(0)) await client.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await network.close();
  await http.close();
  await server.close();
});

function openClient(timeoutMs = 5_000): ServerClient {
  const client = new ServerClient({ serverUrl: `http://127.0.0.1:${network.port}`, token, timeoutMs });
  clients.push(client);
  return client;
}

/** A machine that knows nothing but the address of a server and its token, and hears through that alone. */
async function startMachine(): Promise<void> {
  const folder = await bundleWorkers();
  const [client, heartbeatClient, signalClient] = [openClient(), openClient(), openClient(20_000)];
  const ports = remoteManagerPorts({ client, heartbeatClient, signalClient, leaseMs: RARELY.leaseMs });
  const manager = new WorkerManager({
    config: { numWorkers: 1, drainGraceMs: 0, ...RARELY },
    queue: ports.queue,
    events: collectEvents(ports.sendEvent),
    listen: ports.listen,
    logger: createLogger('manager', 'silent'),
    nodeId: 'cellar',
    workerEntry: path.join(folder, 'scraper-worker.mjs'),
    workerArgs: ['--scrapers', path.join(folder, 'scripted-scrapers.mjs')],
    workerEnv: {
      ...{ PATH: process.env.PATH, NODE_ENV: 'test', LOG_LEVEL: 'silent', WORKER_CONCURRENCY: '9' },
      ...{ EKO_SERVER_URL: `http://127.0.0.1:${network.port}`, EKO_SERVER_TOKEN: token, LOCK_TTL: '3600' },
    },
    concurrency: 9,
  });
  managers.push(manager);
  manager.start();
}

/** Starts a session that runs until it is cancelled, and so frees no place, at which a worker would look by itself. */
async function runAnother(): Promise<number> {
  const { sessions } = await queue.enqueue([{ source: 'permits', location: 'Georgia', params: { do: 'wait' } }]);
  const id = sessions[0]?.id ?? 0;
  await hasStatus(id, 'running');
  return id;
}

const hasStatus = (id: number, status: string) =>
  waitFor(
    async () =>
      (await server.database.db.query('select from scraping_sessions where id = $1 and status = $2', [id, status]))
        .length === 1,
    { ...PATIENT, what: `session ${id} ${status}` },
  );

const isWaiting = () =>
  waitFor(() => server.context.signals.waitingCount === 1, { ...PATIENT, what: 'a call to wait' });

describe('a machine that has a server and no database', () => {
  it('claims what is enqueued and ends what is cancelled without looking', async () => {
    await startMachine();
    const ids = [await runAnother(), await runAnother(), await runAnother()];
    await isWaiting();
    ids.push(await runAnother());
    for (const id of ids) {
      expect((await api.post(`/api/sessions/${id}/cancel`, {})).status).toBe(202);
      await hasStatus(id, 'cancelled');
    }
  }, 150_000);

  it('hears what was told while its connection was broken, and all that is told after it', async () => {
    await startMachine();
    await runAnother();
    await isWaiting();
    network.set({ refuse: true });
    network.cut();
    const { sessions } = await queue.enqueue([{ source: 'permits', location: 'Georgia', params: { do: 'wait' } }]);
    await waitFor(() => server.context.signals.waitingCount === 0);
    network.heal();
    await hasStatus(sessions[0]?.id ?? 0, 'running');
    await runAnother();
  }, 150_000);

  it('hears again through another process of the server', async () => {
    await startMachine();
    await runAnother();
    await isWaiting();
    const other = await startServerProcess();
    network.retarget(other.port);
    network.cut();
    await runAnother();
    const id = await runAnother();
    expect((await api.post(`/api/sessions/${id}/cancel`, {})).status).toBe(202);
    await hasStatus(id, 'cancelled');
    other.child.kill('SIGKILL');
    network.retarget(http.port);
    await runAnother();
    await isWaiting();
  }, 150_000);
});

describe('a server with calls that wait', () => {
  it('ends soon when it is told to stop', async () => {
    const { port, child } = await startServerProcess();
    network.retarget(port);
    const client = openClient(60_000);
    const first = await client.call('awaitSignals', { marks: [], waitMs: 0 });
    // What begins to listen says at once that something may have been missed.
    const { mark } = await client.call('awaitSignals', { marks: [first.mark], waitMs: 25_000 });
    const waiting = Array.from({ length: 5 }, () =>
      client.call('awaitSignals', { marks: [mark], waitMs: 25_000 }).catch((error: unknown) => error),
    );
    await waitFor(() => network.openCount >= 5);
    // It answers this one after the others have arrived.
    await client.call('findMisfit', {});
    const exited = once(child, 'exit');
    const startedAtMs = performance.now();
    child.kill('SIGTERM');
    await exited;
    // A moment; the calls would wait for longer.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(Error);
  });
});

/** The API as a process of its own, which stops as the framework does: when the answers under way are given. */
const PROGRAM = `
const { startApiServer } = await import('#test/api-server.ts');
const server = await startApiServer();
process.once('SIGTERM', () => void server.drain().then(() => process.exit()));
process.once('disconnect', () => process.exit());
process.send(server.port);`;

async function startServerProcess(): Promise<{ port: number; child: ChildProcess }> {
  const env = { DATABASE_URL: server.database.url, ADMIN_TOKEN: TEST_TOKEN, LOG_LEVEL: 'silent', LOCK_TTL: '3600' };
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: path.resolve(import.meta.dirname, '../../..'),
    env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  const [port] = (await once(child, 'message')) as [number];
  return { port, child };
}
