import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { type AnswerRequest, createAnswerer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { apiRequest, createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';
import {
  CALL_BYTES_MAX,
  CALLS,
  CALLS_VERSION,
  CALLS_VERSION_HEADER,
  type CallName,
} from '#workers/remote/calls/index.ts';
import { RemoteSessionQueue } from '#workers/remote/remote-session-queue.ts';
import { ServerClient } from '#workers/remote/server-client.ts';
import type { CallContext } from './call-context.ts';
import { findOwnClaims } from './own-workers.ts';

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
    'truncate scraping_sessions, scraper_metrics, session_batches, worker_instances, api_tokens, leads, lead_sightings, session_requests, session_logs',
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

const processStartedAt = Date.UTC(2026, 0, 1);
const machine = { nodeId: 'cellar', hostname: 'cellar', pid: 1, managerPid: 1, concurrency: 4, version: null };
const register = (workerId: string, by = token) =>
  call('registerWorker', { workerId, ...machine, processStartedAt, leaseMs: 30_000 }, by);

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
const findsArgs = (claimed: Claimed, leads: unknown[] = []) => ({ claim: keyOf(claimed), finds: findsOf(leads) });

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

/** Leads that make more than one call together. */
const LARGE_LEADS = 2_000;

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

  it('saves leads with the source, batch and place of the session, whatever their sender says', async () => {
    const claimed = await claimOne();
    await ask('saveFinds', findsArgs(claimed, [{ ...lead('a'), source: 'other' }]));
    const rows = await server.database.db.query(
      'select source, batch_id, location from leads join lead_sightings s on s.lead_id = id',
    );
    expect(rows).toEqual([{ source: 'permits', batch_id: claimed.batchId, location: 'Georgia' }]);
  });

  it('goes in several calls where a page is larger than one may be', async () => {
    const claimed = await claimOne();
    const http = await startApiServer();
    const client = new ServerClient({ serverUrl: http.origin, token });
    try {
      // Few leads that say as much as they may: saving them is not what takes time here.
      const request = 'x'.repeat(1_000);
      const sourceUrl = `https://permits.example.com/${'x'.repeat(1_900)}`;
      const origin = { sourceUrl, sourceRowId: 'x', rule: 'row', fetchedAt: new Date().toISOString() };
      const leads = Array.from({ length: LARGE_LEADS }, (_, row) => {
        const made = normalizeLead(
          {
            ...{ ...lead(String(row)), role: 'owner', sourceUrl, request },
            provenance: { name: origin, address: origin, request: origin },
          },
          { source: 'permits', now: new Date() },
        );
        if ('rejected' in made) throw new Error(made.rejected);
        return made;
      });
      expect(JSON.stringify(leads).length).toBeGreaterThan(CALL_BYTES_MAX);
      const saved = await new RemoteSessionQueue(client).saveFinds(claimed, {
        cursor: { page: 2 },
        leads,
        watermarks: [],
      });
      expect(saved).toEqual({ found: LARGE_LEADS, fresh: LARGE_LEADS, cancelRequested: false });
      const [row] = await server.database.db.query('select cursor from scraping_sessions where id = $1', [claimed.id]);
      expect(row).toEqual({ cursor: { page: 2 } });
    } finally {
      await client.close();
      await http.close();
    }
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
    const others = { sessionId, claimNumber: claimNumber + 1, ...rest };
    await ask('addLines', { workerId: 'cellar-1', lines: [{ sessionId, claimNumber, ...rest }, others] });
    expect(await server.database.db.query('select worker_id, message from session_logs')).toEqual([
      { worker_id: 'cellar-1', message: expect.stringMatching(/^a.?b$/) },
    ]);
  });
});

const requestOf = (claimed: Claimed) => ({
  ...{ sessionId: claimed.id, claimNumber: claimed.claimNumber, method: 'GET', url: 'https://permits.example.com/' },
  ...{ status: 200, durationMs: 1, wireBytes: 1, proxyId: null, proxy: null, verdict: 'ok', reason: null },
  ...{ snapshotSignature: null, ageMs: 0 },
});

describe('a claim that is not given out yet', () => {
  it('is stale, and nothing is done under it', async () => {
    const claimed = await claimOne();
    await ask('handBack', { claim: keyOf(claimed), reason: 'stopping' });
    const next = { ...claimed, claimNumber: claimed.claimNumber + 2 };
    const [row] = await server.database.db.query<{ tokenId: number }>(
      'select token_id as "tokenId" from worker_instances',
    );
    const caller = { db: server.database.db, account: { token: { tokenId: row?.tokenId } } } as unknown as CallContext;
    expect(await findOwnClaims(caller, [keyOf(next)])).toEqual([]);
    expect(await findOwnClaims(caller, [keyOf(claimed)])).toMatchObject([keyOf(claimed)]);
    const stale: Record<string, unknown> = { complete: [], saveFinds: null };
    const calls: [CallName, unknown][] = fenced(next);
    const claim = { workerId: 'local-1', sources: ['permits'], limit: 1, jobTimeoutMs: 60_000 };
    await server.context.queue.registerWorker({ ...machine, workerId: 'local-1' });
    for (const [name, args] of calls)
      expect(await ask(name, args), name).toEqual(name in stale ? stale[name] : 'stale');
    expect(await server.context.queue.claim(claim)).toMatchObject([keyOf(next)]);
    for (const [name, args] of calls) expect((await call(name, args)).status, name).toBe(403);
  });

  it('gets no lines and no requests', async () => {
    const claimed = await claimOne();
    const next = { ...claimed, claimNumber: claimed.claimNumber + 1 };
    await ask('addRequests', { requests: [requestOf(claimed), requestOf(next)] });
    expect(await server.database.db.query('select claim_number as "claimNumber" from session_requests')).toEqual([
      { claimNumber: claimed.claimNumber },
    ]);
  });
});

describe('what was registered with one token', () => {
  it('is out of reach for another', async () => {
    const claimed = await claimOne();
    const other = await makeToken('worker');
    expect((await register('cellar-1', other)).status).toBe(403);
    const slot = { hostKey: 'a.example', sessionId: null, floorMs: 0, robotsMs: 0, maxInflight: 1 };
    const byWorker: [CallName, unknown][] = [
      ['claim', claimArgs()],
      ['reserveSlot', { ...slot, workerId: 'cellar-1', waitMaxMs: 0, keptMs: 1_000, knownSlotIds: null }],
      ['addLines', { workerId: 'cellar-1', lines: [] }],
      ['addRequests', { requests: [requestOf(claimed)] }],
    ];
    for (const [name, args] of [...byWorker, ...fenced(claimed)]) {
      expect((await call(name, args, other)).status, name).toBe(403);
    }
    const snapshot = {
      ...{ signature: 's', sessionId: claimed.id, status: 200, source: 'permits', url: 'x' },
      verdict: 'v',
    };
    const kept = { ...snapshot, evidence: [], headers: {}, body: 'page' };
    expect((await call('keepSnapshot', kept, other)).body.answer).toBe(true);
    expect(await server.database.db.query('delete from page_snapshots returning session_id')).toEqual([
      { session_id: null },
    ]);
    expect(await ask('keepSnapshot', kept)).toBe(true);
    expect(await server.database.db.query('delete from page_snapshots returning session_id')).toEqual([
      { session_id: claimed.id },
    ]);
    expect((await call('releaseWorker', { workerId: 'cellar-1', cause: 'stopped' }, other)).body.answer).toBe(0);
    expect(await ask('complete', { items: [keyOf(claimed)] })).toEqual([claimed.id]);
  });

  it('is a session that a slot of a host can name, and of others none', async () => {
    const claimed = await claimOne();
    const other = await makeToken('worker');
    await register('attic-1', other);
    const pace = { floorMs: 0, robotsMs: 0, maxInflight: 9, waitMaxMs: 0, keptMs: 60_000, knownSlotIds: null };
    const reserve = async (hostKey: string, workerId: string, by: string) => {
      const { body } = await call('reserveSlot', { ...pace, hostKey, workerId, sessionId: claimed.id }, by);
      expect(body.answer).toMatchObject({ slotId: expect.any(Number) });
    };
    await reserve('own.example', 'cellar-1', token);
    await reserve('others.example', 'attic-1', other);
    const slots = await server.database.db.query(
      'delete from host_slots returning host_key as "hostKey", session_id as "sessionId"',
    );
    expect(slots).toEqual([
      { hostKey: 'own.example', sessionId: claimed.id },
      { hostKey: 'others.example', sessionId: null },
    ]);
  });

  it('is lost to who names it in a heartbeat with another token, and the other workers of that heartbeat are not', async () => {
    const other = await makeToken('worker');
    await register('cellar-1');
    await register('attic-1', other);
    const beat = { status: 'idle', activeSessions: 0, jobsProcessed: 9, jobsSucceeded: 0, jobsFailed: 0 };
    const workers = ['cellar-1', 'attic-1'].map((workerId) => ({ workerId, ...beat }));
    expect(await ask('renewLeases', { workers, leaseMs: 30_000 })).toEqual({ lost: ['attic-1'], abort: [] });
    const rows = await server.database.db.query('select worker_id, jobs_processed from worker_instances order by 1');
    expect(rows).toEqual([
      { worker_id: 'attic-1', jobs_processed: 0 },
      { worker_id: 'cellar-1', jobs_processed: 9 },
    ]);
  });

  it("is a worker; what nobody has registered is nobody's", async () => {
    expect((await call('addLines', { workerId: 'cellar-9', lines: [] })).status).toBe(403);
    const slot = { hostKey: 'a.example', sessionId: null, floorMs: 0, robotsMs: 0, maxInflight: 1 };
    const wish = { ...slot, workerId: 'cellar-9', waitMaxMs: 0, keptMs: 1_000, knownSlotIds: null };
    expect((await call('reserveSlot', wish)).status).toBe(403);
  });

  it('is not replaced by an older process of the same name, nor ended by news of another', async () => {
    const claimed = await claimOne();
    const older = { workerId: 'cellar-1', ...machine, pid: 7, processStartedAt: processStartedAt - 1, leaseMs: 30_000 };
    expect((await call('registerWorker', older)).status).toBe(403);
    expect(await ask('releaseWorker', { workerId: 'cellar-1', cause: 'crashed', pid: 7 })).toBe(0);
    await register('cellar-1');
    expect(await ask('complete', { items: [keyOf(claimed)] })).toEqual([claimed.id]);
  });

  it('is a machine too: others neither report for it nor say that it has left, and sweep none that lives', async () => {
    const figures = {
      configuredWorkers: 1,
      activeWorkers: 1,
      activeSessions: 0,
      concurrency: 4,
      errors: 0,
      warnings: 0,
    };
    const shares = { cpuPercent: 1, memoryPercent: 1, diskPercent: 1, cpuCount: 1, memoryLimitMb: 512 };
    const self = { nodeId: 'cellar', hostname: 'cellar', managerPid: 1 };
    const beat = {
      ...self,
      leaseMs: 30_000,
      version: null,
      status: 'healthy',
      statusReasons: [],
      ...figures,
      ...shares,
    };
    const args = { beat, options: { first: true, deadPid: null } };
    const other = await makeToken('worker');
    expect(await ask('beatNode', args)).toMatchObject({ kind: 'written' });
    const taken = await call('beatNode', { ...args, options: { first: true, deadPid: 1 } }, other);
    expect(taken.body.answer).toMatchObject({ kind: 'taken' });
    expect((await call('leaveNode', self, other)).status).toBe(200);
    await server.database.db.query(`update nodes set last_seen_at = clock_timestamp() - interval '40 seconds'`);
    expect((await call('sweepNodes', {}, other)).body.answer).toEqual({ gone: [], deleted: [] });
    const [row] = await server.database.db.query(`select status from nodes where node_id = 'cellar'`);
    expect(row).toEqual({ status: 'healthy' });
    await server.database.db.query('delete from nodes');
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

  it('gives with its name the logs of what was run under it, to add to, and nothing else', async () => {
    const claimed = await claimOne();
    await ask('saveFinds', findsArgs(claimed, [lead('a')]));
    const other = await makeToken('worker');
    await server.database.db.query('update worker_instances set lease_until = clock_timestamp()');
    await register('cellar-1', other);
    const lines = [
      { sessionId: claimed.id, claimNumber: claimed.claimNumber, level: 'info', message: 'a', context: null, ageMs: 0 },
    ];
    const logs: [CallName, unknown][] = [
      ['addLines', { workerId: 'cellar-1', lines }],
      ['addRequests', { requests: [requestOf(claimed)] }],
    ];
    for (const [name, args] of logs) expect((await call(name, args, other)).status, name).toBe(200);
    for (const [name, args] of logs.slice(0, 1)) expect((await call(name, args)).status, name).toBe(403);
    const attempts = () => server.database.db.query('select outcome, leads_found, requests_made from scraper_metrics');
    const before = await attempts();
    for (const [name, args] of fenced(claimed)) {
      const { body } = await call(name, args, other);
      expect(['stale', null, []], name).toContainEqual(body.answer);
    }
    expect(await attempts()).toEqual(before);
    expect(await server.database.db.query('select name from leads')).toEqual([{ name: 'Person a' }]);
  });

  it('is no worker of a manager that has the database, nor a bot', async () => {
    const own = { ...machine, workerId: 'local-1' };
    await server.context.queue.registerWorker(own);
    expect((await call('claim', claimArgs({ workerId: 'local-1' }))).status).toBe(403);
    const bot = await api.post('/api/bots/register', { name: 'x' });
    const botId = String(bot.body.botId);
    expect(await ask('releaseWorker', { workerId: botId, cause: 'stopped' })).toBe(0);
    expect(await server.database.db.query(`select status from worker_instances where kind = 'bot'`)).toEqual([
      { status: 'starting' },
    ]);
  });
});
