import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '../queue/job-queue.ts';

const PATIENT = { timeoutMs: 60_000 };

let server: TestServerContext;
let http: ApiServer;
/** Between the machine without a database and the server. */
let network: TcpFaultProxy;
let api: ApiCaller;
let token: string;
let tokenId: number;
let queue: JobQueue;
let folder: string;
let losesAnswer = () => false;
const sites: NumberedSite[] = [];
const managers: ManagerProcess[] = [];

beforeEach(async () => {
  server = await createTestServerContext({ LOCK_TTL: '6', HEARTBEAT_INTERVAL: '1' });
  http = await startApiServer({ losesAnswer: () => losesAnswer() });
  network = await TcpFaultProxy.start({ port: http.port });
  api = await createApiCaller();
  const { body } = await api.post('/api/tokens', { name: 'cellar', role: 'worker' });
  token = String(body.token);
  tokenId = Number(body.id);
  queue = new JobQueue({ db: server.database.db });
  folder = await mkdtemp(path.join(tmpdir(), 'eko-remote-'));
});
afterEach(async () => {
  losesAnswer = () => false;
  for (const manager of managers.splice(0)) await manager.destroy();
  for (const site of sites.splice(0)) await site.close();
  await network.close();
  await http.close();
  await server.close();
  await rm(folder, { recursive: true });
});

/** A machine that knows nothing but the address of a server and its token. */
async function startMachine(env: Record<string, string> = {}): Promise<ManagerProcess> {
  const settings = {
    DATABASE_URL: '',
    EKO_SERVER_URL: `http://127.0.0.1:${network.port}`,
    EKO_SERVER_TOKEN: token,
    EKO_DATA_DIR: folder,
    NODE_ID: 'cellar',
    EKO_ALLOW_ADDRESSES: sites.map(({ address }) => address).join(','),
    TEST_RATE_LIMIT_MS: '0',
    ...env,
  };
  const manager = await startManagerProcess({ databaseUrl: '', env: settings });
  managers.push(manager);
  return manager;
}

async function openSite(delayMs = 0): Promise<NumberedSite> {
  const site = await startNumberedSite(delayMs);
  sites.push(site);
  return site;
}

async function enqueue(params: Record<string, unknown>, location = 'Georgia'): Promise<number> {
  const { sessions } = await queue.enqueue([{ source: 'permits', location, params }]);
  return sessions[0]?.id ?? 0;
}

async function session(id: number): Promise<Record<string, unknown>> {
  const [row] = await server.database.db.query(
    `select status, status_reason as reason, retry_count as tries, leads_found as found, cursor from scraping_sessions where id = $1`,
    [id],
  );
  return row ?? {};
}

const hasStatus = (id: number, status: string) =>
  waitFor(async () => (await session(id)).status === status, { ...PATIENT, what: `session ${id} ${status}` });

const count = async (from: string) =>
  (await server.database.db.query<{ count: number }>(`select count(*) from ${from}`))[0]?.count;

describe('a machine that has a server and no database', () => {
  it('works like any other: leads, log, requests, pace, its row and its workers are where people look', async () => {
    const site = await openSite();
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 5 });
    await startMachine();
    await hasStatus(id, 'completed');
    expect(await session(id)).toMatchObject({ found: 10, tries: 0, cursor: 5, reason: '10 leads, 10 of them new' });
    await waitFor(async () => (await count(`session_requests where session_id = ${id}`)) === 6, PATIENT);
    await waitFor(async () => Number(await count(`session_logs where session_id = ${id}`)) > 0, PATIENT);
    expect(await count('host_pacing')).toBe(1);
    expect(await count('host_slots')).toBe(0);
    expect(await count('robots_cache')).toBe(1);
    const nodes = (await api.get('/api/nodes')).body.items as Record<string, unknown>[];
    expect(nodes).toMatchObject([{ nodeId: 'cellar', status: 'healthy' }]);
    const [worker] = await server.database.db.query(
      'select kind, node_id as "nodeId", token_id as "tokenId" from worker_instances',
    );
    expect(worker).toEqual({ kind: 'process', nodeId: 'cellar', tokenId });
  }, 150_000);

  it('obeys people: a session is cancelled, the machine is scaled and drained', async () => {
    const id = await enqueue({ do: 'wait' });
    await startMachine();
    await hasStatus(id, 'running');
    expect((await api.post(`/api/sessions/${id}/cancel`, {})).status).toBe(202);
    await hasStatus(id, 'cancelled');
    await api.post('/api/nodes/cellar/scale', { workers: 2 });
    await waitFor(async () => (await count(`worker_instances where status = 'idle'`)) === 2, PATIENT);
    await api.post('/api/nodes/cellar/drain', {});
    await waitFor(async () => (await count(`worker_instances where status <> 'stopped'`)) === 0, PATIENT);
  }, 150_000);

  it('loses no work with a killed worker, and charges nobody', async () => {
    const site = await openSite(200);
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 8 });
    const machine = await startMachine();
    await waitFor(async () => Number((await session(id)).cursor) >= 2, PATIENT);
    const [pid = 0] = machine.workerPids();
    process.kill(pid, 'SIGKILL');
    await hasStatus(id, 'completed');
    expect(await session(id)).toMatchObject({ found: 16, tries: 0 });
    expect(await count('leads')).toBe(16);
    expect(await count(`scraper_metrics where session_id = ${id} and outcome = 'lost'`)).toBe(1);
  }, 150_000);

  it('keeps what it finds while the server is away, and delivers it once under its claim', async () => {
    const site = await openSite();
    site.holdFrom(3);
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 10 });
    const machine = await startMachine({ LOCK_TTL: '30' });
    await waitFor(() => site.requests.length === 3, PATIENT);
    network.set({ refuse: true });
    network.cut();
    site.release();
    await waitFor(() => machine.lines.some(({ message }) => message.endsWith('finds wait on disk')), PATIENT);
    expect((await session(id)).cursor).toBe(2);
    network.heal();
    await hasStatus(id, 'completed');
    expect(await session(id)).toMatchObject({ found: 20, tries: 0 });
    expect(await count('leads')).toBe(20);
    expect(await count(`scraper_metrics where session_id = ${id}`)).toBe(1);
    // No page is asked for without a slot of its host, so none was lost and none asked for twice.
    expect(site.requests.length).toBe(10);
  }, 150_000);

  it('asks again whatever nobody answered, and counts everything once', async () => {
    const site = await openSite();
    const ids: number[] = [];
    for (let one = 0; one < 8; one += 1)
      ids.push(await enqueue({ do: 'pages', origin: site.origin, count: 4 }, `Place ${one}`));
    let answers = 0;
    let lost = 0;
    // Every sixth: claims, slots, checkpoints, completions and heartbeats alike, at changing places of a session.
    losesAnswer = () => {
      answers += 1;
      if (answers % 6 !== 0) return false;
      lost += 1;
      return true;
    };
    await startMachine({ LOCK_TTL: '30' });
    for (const id of ids) await hasStatus(id, 'completed');
    expect(lost).toBeGreaterThan(15);
    for (const id of ids) expect(await session(id)).toMatchObject({ found: 8, tries: 0 });
    expect(await count('leads')).toBe(8 * 8);
    expect(await count(`scraper_metrics where outcome = 'completed'`)).toBe(8);
    expect(await count(`scraper_metrics where outcome <> 'completed'`)).toBe(0);
  }, 150_000);

  it('loses a lease that the server could not renew, and leaves the work to others', async () => {
    const id = await enqueue({ do: 'wait' });
    await startMachine();
    await hasStatus(id, 'running');
    network.set({ blackHole: 'both' });
    await waitFor(async () => (await count(`worker_instances where lease_until < now()`)) === 1, PATIENT);
    expect(await queue.rescue()).toBe(1);
    expect(await session(id)).toMatchObject({ status: 'pending', tries: 0 });
    network.set({ blackHole: 'none' });
    network.cut();
    await hasStatus(id, 'running');
    expect(await count(`scraper_metrics where session_id = ${id}`)).toBe(1);
  }, 150_000);

  it('gives everything back when it is stopped', async () => {
    const id = await enqueue({ do: 'wait' });
    const machine = await startMachine();
    await hasStatus(id, 'running');
    machine.kill('SIGTERM');
    await waitFor(() => machine.lines.some(({ message }) => message.startsWith('Draining')), PATIENT);
    machine.kill('SIGTERM');
    expect(await machine.exited).toBe(0);
    expect(await session(id)).toMatchObject({ status: 'pending', tries: 0 });
    expect(await count(`worker_instances where status = 'stopped'`)).toBe(1);
    expect(await count(`nodes where status = 'gone'`)).toBe(1);
  }, 150_000);

  it('is let in no longer once its token is revoked; its work goes on elsewhere', async () => {
    const id = await enqueue({ do: 'wait' });
    const machine = await startMachine();
    await hasStatus(id, 'running');
    expect((await api.delete(`/api/tokens/${tokenId}`)).status).toBe(200);
    expect(await session(id)).toMatchObject({ status: 'pending', tries: 0 });
    await waitFor(
      () => machine.lines.some(({ message }) => message.startsWith('The database does not answer')),
      PATIENT,
    );
    expect((await session(id)).status).toBe('pending');
  }, 150_000);
});
