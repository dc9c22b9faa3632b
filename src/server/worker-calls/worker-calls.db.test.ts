import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AnswerRequest, createAnswerer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { apiRequest, createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';
import { CALLS, CALLS_VERSION, CALLS_VERSION_HEADER, type CallName } from '#workers/remote/calls/index.ts';

let server: TestServerContext;
let answer: AnswerRequest;
let api: ApiCaller;
let token: string;

beforeAll(async () => {
  server = await createTestServerContext();
  answer = await createAnswerer();
  api = await createApiCaller();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.database.db.query(
    'truncate scraping_sessions, scraper_metrics, session_batches, worker_instances, api_tokens, leads, lead_sightings',
  );
  token = await makeToken('worker');
});

async function makeToken(role: string): Promise<string> {
  const { status, body } = await api.post('/api/tokens', { name: role, role });
  expect(status).toBe(201);
  return String(body.token);
}

interface Called {
  status: number;
  body: { answer?: unknown; error?: { code: string; message: string; details?: { field: string }[] } };
}

async function call(name: string, args: unknown, by = token, version = String(CALLS_VERSION)): Promise<Called> {
  const headers = { [CALLS_VERSION_HEADER]: version };
  const request = apiRequest(`/api/workers/calls/${name}`, { method: 'POST', json: args, token: by, headers });
  const response = await answer(request);
  return { status: response.status, body: (await response.json()) as Called['body'] };
}

async function ask<T>(name: CallName, args: unknown): Promise<T> {
  const { status, body } = await call(name, args);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.answer as T;
}

const machine = { nodeId: 'cellar', hostname: 'cellar', pid: 1, managerPid: 1, concurrency: 4, version: null };
const register = (workerId: string, by = token) =>
  call('registerWorker', { workerId, ...machine, leaseMs: 30_000 }, by);

const claimArgs = (more: Record<string, unknown> = {}) => ({
  workerId: 'cellar-1',
  sources: ['permits'],
  limit: 10,
  jobTimeoutMs: 60_000,
  held: [],
  unsure: false,
  ...more,
});

interface Claimed {
  id: number;
  claimNumber: number;
  batchId: string;
  location: string;
}

async function claimOne(): Promise<Claimed> {
  await register('cellar-1');
  await server.context.queue.enqueue([{ source: 'permits', location: 'Georgia' }]);
  const [claimed] = await ask<Claimed[]>('claim', claimArgs());
  if (!claimed) throw new Error('Nothing was claimed.');
  return claimed;
}

const keyOf = ({ id, claimNumber }: Claimed) => ({ id, claimNumber });
const findsOf = (leads: unknown[] = []) => ({ cursor: 1, hasCursor: true, leads, watermarks: [] });
const findsArgs = (claimed: Claimed, leads: unknown[] = []) => {
  const { id, claimNumber, batchId, location } = claimed;
  return { claim: { id, claimNumber, batchId, location }, finds: findsOf(leads) };
};

const lead = (row: string) => ({
  leadKey: Buffer.alloc(16, row).toString('base64'),
  source: 'permits',
  portal: 'a-portal',
  sourceRowId: row,
  sourceUrl: 'https://permits.example.com/rows',
  role: 'owner',
  ...{ name: `Person ${row}`, company: null, email: null, phone: null, phoneExtension: null, request: null },
  ...{ address: '1 Example Street', city: null, state: null, zip: null, value: null, signal: null },
  demo: false,
  provenance: {},
});

/** What ends or changes a session, each under a claim. */
const fenced = (claimed: Claimed): [CallName, unknown][] => [
  ['complete', { items: [keyOf(claimed)] }],
  ['retry', { claim: keyOf(claimed), error: { code: 'network', message: 'It did not answer' } }],
  ['fail', { claim: keyOf(claimed), error: { code: 'network', message: 'It did not answer' } }],
  ['snooze', { claim: keyOf(claimed), delayMs: 1_000, reason: 'rest' }],
  ['handBack', { claim: keyOf(claimed), reason: 'stopping' }],
  ['cancelled', { claim: keyOf(claimed) }],
  ['saveFinds', findsArgs(claimed, [lead('z')])],
];

describe('who may make worker calls', () => {
  it('are workers and admins, and a worker may do nothing else', async () => {
    for (const role of ['viewer', 'operator', 'bot']) {
      expect((await call('findMisfit', {}, await makeToken(role))).status).toBe(403);
    }
    expect((await call('findMisfit', {}, TEST_TOKEN)).body).toEqual({ answer: null });
    expect((await call('findMisfit', {})).body).toEqual({ answer: null });
    for (const path of ['/api/sessions', '/api/leads', '/api/proxies', '/api/bots']) {
      expect((await api.get(path, token)).status, path).toBe(403);
    }
    expect((await api.post('/api/sessions/claim', { botId: 'x', limit: 1 }, token)).status).toBe(403);
  });

  it('speak the same version as the server, and are told so otherwise', async () => {
    const { status, body } = await call('claim', claimArgs(), token, '99');
    expect(status).toBe(409);
    expect(body.error).toMatchObject({ code: 'other_version' });
    expect(body.error?.message).toContain('the worker version 99');
  });
});

describe('every worker call', () => {
  it.each(Object.keys(CALLS))('%s refuses what it does not know, by name', async (name) => {
    const { status, body } = await call(name, { nonsense: true });
    expect(status).toBe(400);
    expect(body.error?.code).toBe('invalid_request');
    expect(body.error?.details?.map(({ field }) => field)).toContain('nonsense');
  });

  it('that does not exist is not found', async () => {
    for (const name of ['constructor', 'toString', 'dropTable']) expect((await call(name, {})).status).toBe(404);
  });
});

describe('a session over worker calls', () => {
  it('is claimed, saved and completed; JSON keeps times and bytes', async () => {
    const claimed = await claimOne();
    expect(claimed).toMatchObject({ location: 'Georgia', cursor: null, params: {}, retryCount: 0 });
    const saved = await ask('saveFinds', findsArgs(claimed, [lead('a'), lead('b')]));
    expect(saved).toEqual({ found: 2, fresh: 2, cancelRequested: false });
    expect(await ask('saveFinds', findsArgs(claimed, [lead('a'), lead('b')]))).toEqual(saved);
    expect(await ask('complete', { items: [{ ...keyOf(claimed), statusReason: 'done' }] })).toEqual([claimed.id]);
    expect(await ask('complete', { items: [keyOf(claimed)] })).toEqual([claimed.id]);
    const rows = await server.database.db.query('select name, lead_key as "leadKey" from leads order by name');
    expect(rows).toEqual([
      { name: 'Person a', leadKey: Buffer.alloc(16, 'a') },
      { name: 'Person b', leadKey: Buffer.alloc(16, 'b') },
    ]);
  });

  it('changes nothing under a claim that is no longer good', async () => {
    const claimed = await claimOne();
    await ask('handBack', { claim: keyOf(claimed), reason: 'stopping' });
    const stale: Record<string, unknown> = { complete: [], saveFinds: null };
    for (const [name, args] of fenced(claimed)) {
      expect(await ask(name, args), name).toEqual(name in stale ? stale[name] : 'stale');
    }
    expect(await server.database.db.query('select from leads')).toEqual([]);
  });

  it('whose claim was answered to nobody is handed out again to who says so', async () => {
    const claimed = await claimOne();
    expect(await ask('claim', claimArgs())).toEqual([]);
    expect(await ask('claim', claimArgs({ unsure: true }))).toMatchObject([keyOf(claimed)]);
    expect(await ask('claim', claimArgs({ unsure: true, held: [keyOf(claimed)] }))).toEqual([]);
  });

  it('takes no lead that is not one', async () => {
    const claimed = await claimOne();
    const { status, body } = await call('saveFinds', findsArgs(claimed, [{ ...lead('a'), value: 'much' }]));
    expect(status).toBe(400);
    expect(body.error?.details).toMatchObject([{ field: 'finds.leads.0.value' }]);
  });

  it('keeps what a page says without what cannot be stored', async () => {
    const claimed = await claimOne();
    const line = { ...keyOf(claimed), level: 'info', message: 'a\0b', context: null, ageMs: 0 };
    const { id: sessionId, claimNumber, ...rest } = line;
    await ask('addLines', { workerId: 'cellar-1', lines: [{ sessionId, claimNumber, ...rest }] });
    expect(await server.database.db.query('select worker_id, message from session_logs')).toEqual([
      { worker_id: 'cellar-1', message: expect.stringMatching(/^a.?b$/) },
    ]);
  });
});

describe('what was registered with one token', () => {
  it('is out of reach for another', async () => {
    const claimed = await claimOne();
    const other = await makeToken('worker');
    expect((await register('cellar-1', other)).status).toBe(403);
    const beat = { status: 'idle', activeSessions: 0, jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };
    const slot = { hostKey: 'a.example', sessionId: null, floorMs: 0, robotsMs: 0, maxInflight: 1 };
    const byWorker: [CallName, unknown][] = [
      ['claim', claimArgs()],
      ['releaseWorker', { workerId: 'cellar-1', cause: 'stopped' }],
      ['renewLeases', { workers: [{ workerId: 'cellar-1', ...beat }], leaseMs: 30_000 }],
      ['reserveSlot', { ...slot, workerId: 'cellar-1', waitMaxMs: 0, keptMs: 1_000, knownSlotIds: null }],
      ['addLines', { workerId: 'cellar-1', lines: [] }],
    ];
    for (const [name, args] of [...byWorker, ...fenced(claimed)]) {
      expect((await call(name, args, other)).status, name).toBe(403);
    }
    expect(await ask('complete', { items: [keyOf(claimed)] })).toEqual([claimed.id]);
  });

  it('gives its name to another once its lease is over, as when the token of a machine changes', async () => {
    const claimed = await claimOne();
    const other = await makeToken('worker');
    await server.database.db.query('update worker_instances set lease_until = clock_timestamp()');
    expect((await register('cellar-1', other)).status).toBe(200);
    const [row] = await server.database.db.query('select status from scraping_sessions where id = $1', [claimed.id]);
    expect(row).toEqual({ status: 'pending' });
    expect((await register('cellar-1')).status).toBe(403);
  });

  it('is no worker of a manager that has the database, nor a bot', async () => {
    const own = { ...machine, workerId: 'local-1' };
    await server.context.queue.registerWorker(own);
    expect((await call('claim', claimArgs({ workerId: 'local-1' }))).status).toBe(403);
    const bot = await api.post('/api/bots/register', { name: 'x' });
    const botId = String(bot.body.botId);
    expect((await call('releaseWorker', { workerId: botId, cause: 'stopped' })).status).toBe(403);
  });
});
