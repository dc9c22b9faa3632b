import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';

let server: TestServerContext;
let api: ApiCaller;
let token: string;

beforeAll(async () => {
  server = await createTestServerContext();
  api = await createApiCaller();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.database.db.query(
    'truncate scraping_sessions, scraper_metrics, session_batches, worker_instances, api_tokens, leads, lead_sightings, suppressions',
  );
  token = await makeToken({ name: 'test bots', role: 'bot', sources: ['tenders', 'notices'] });
});

const run = (sql: string, values: unknown[] = []) => server.database.db.query(sql, values);

async function makeToken(input: Record<string, unknown>): Promise<string> {
  const { status, body } = await api.post('/api/tokens', input);
  expect(status).toBe(201);
  return String(body.token);
}

async function register(input: Record<string, unknown> = {}, as = token): Promise<string> {
  const { status, body } = await api.post('/api/bots/register', { name: 'Reader', concurrency: 4, ...input }, as);
  expect(status).toBe(201);
  return String(body.botId);
}

async function populate(count: number, source = 'tenders'): Promise<void> {
  const sessions = Array.from({ length: count }, (_, index) => ({ source, location: `Place ${index}` }));
  expect((await api.post('/api/sessions/populate', { sessions })).status).toBe(202);
}

interface Claimed {
  id: number;
  claimNumber: number;
  cursor: unknown;
}

async function claim(botId: string, extra: Record<string, unknown> = {}): Promise<Claimed[]> {
  const { status, body } = await api.post('/api/sessions/claim', { botId, limit: 100, ...extra }, token);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.sessions as Claimed[];
}

async function claimOne(botId: string): Promise<Claimed> {
  await populate(1);
  const [one] = await claim(botId, { limit: 1 });
  if (!one) throw new Error('Nothing was claimed.');
  return one;
}

const tell = (session: Claimed, verb: string, json: Record<string, unknown> = {}, as = token) =>
  api.post(`/api/sessions/${session.id}/${verb}`, { claimNumber: session.claimNumber, ...json }, as);

async function sessionRow(id: number) {
  const [row] = await run(
    `select status, claim_number as "claimNumber", retry_count as "retryCount", status_reason as "reason", cursor,
       leads_found as "leadsFound" from scraping_sessions where id = $1`,
    [id],
  );
  return row;
}

const lead = (row: number, more: Record<string, unknown> = {}) => ({
  sourceRowId: `row-${row}`,
  sourceUrl: 'https://notices.example.com/list',
  name: `Person ${row}`,
  phone: '(404) 555-0123',
  ...more,
});

describe('registering', () => {
  it('adds a bot that the list shows with the token and its sources', async () => {
    const botId = await register({ sources: ['tenders'], version: '1.2', hostname: 'rack-1' });
    expect(botId).toMatch(/^bot-reader-[0-9a-f]{8}$/);
    const { body } = await api.get('/api/bots');
    expect(body.items).toMatchObject([
      {
        botId,
        name: 'Reader',
        state: 'idle',
        tokenName: 'test bots',
        sources: ['tenders'],
        version: '1.2',
        hostname: 'rack-1',
        concurrency: 4,
        sessions: [],
      },
    ]);
    expect((await api.get('/api/workers')).body.items).toEqual([]);
  });

  it('refuses sources that the token may not claim', async () => {
    const { status, body } = await api.post('/api/bots/register', { name: 'x', sources: ['permits'] }, token);
    expect(status).toBe(422);
    expect(body).toMatchObject({ error: { code: 'unknown_source', details: [{ field: 'sources' }] } });
  });

  it('is not for viewers and operators', async () => {
    for (const role of ['viewer', 'operator']) {
      const other = await makeToken({ name: role, role });
      expect((await api.post('/api/bots/register', { name: 'x' }, other)).status).toBe(403);
    }
  });
});

describe('the whole way of a session', () => {
  it('goes from claim over start and checkpoint to completed, with leads and figures', async () => {
    const botId = await register();
    const session = await claimOne(botId);
    expect(session).toMatchObject({
      source: 'tenders',
      location: 'Place 0',
      params: {},
      cursor: null,
      rules: { rateLimitMs: 2000, respectRobotsTxt: true },
    });
    const started = await tell(session, 'start');
    expect(started).toMatchObject({ status: 200, body: { status: 'running', cancelRequested: false } });
    const saved = await tell(session, 'checkpoint', { leads: [lead(1), lead(2)], cursor: { page: 2 } });
    expect(saved.body).toMatchObject({ status: 'running', leadsFound: 2, leadsNew: 2, rejected: [] });
    expect((await tell(session, 'checkpoint', { leads: [lead(1), lead(2)], cursor: { page: 2 } })).body).toEqual(
      saved.body,
    );
    const done = await tell(session, 'complete', { leads: [lead(2), lead(3)], stats: { requestsMade: 3 } });
    expect(done).toMatchObject({
      status: 200,
      body: { id: session.id, status: 'completed', outcome: 'completed', leadsFound: 3, leadsNew: 3, rejected: [] },
    });
    expect(await sessionRow(session.id)).toMatchObject({ status: 'completed', reason: '3 leads, 3 of them new' });
    expect((await api.get(`/api/bots/${botId}`)).body).toMatchObject({
      jobsProcessed: 1,
      jobsSucceeded: 1,
      jobsFailed: 0,
      sessions: [],
    });
    const [row] = await run('select phone, provenance from leads where source_row_id = $1', ['row-1']);
    expect(row).toMatchObject({
      phone: '+14045550123',
      provenance: { name: { sourceUrl: 'https://notices.example.com/list', rule: 'as the bot sent it' } },
    });
  });

  it('goes on at the cursor that the last checkpoint saved', async () => {
    const botId = await register();
    const session = await claimOne(botId);
    await tell(session, 'start');
    await tell(session, 'checkpoint', { cursor: { page: 7 } });
    expect((await tell(session, 'release', { reason: 'stopping' })).body).toMatchObject({
      status: 'pending',
      outcome: 'interrupted',
    });
    expect(await claim(botId, { waitSeconds: 10 })).toMatchObject([{ id: session.id, cursor: { page: 7 } }]);
  });

  it('sleeps when its host wants rest, without a charged try', async () => {
    const session = await claimOne(await register());
    const { body } = await tell(session, 'release', {
      afterSeconds: 120,
      reason: 'notices.example.com asked for rest',
    });
    expect(body).toMatchObject({ status: 'pending', outcome: 'snoozed' });
    expect(await sessionRow(session.id)).toMatchObject({ status: 'pending', retryCount: 0 });
  });
});

describe('repeating a call', () => {
  it.each([
    ['complete', { leads: [lead(1), { name: 'no row id' }] }],
    ['fail', { error: 'The site did not answer' }],
    ['fail', { error: { code: 'layout_changed', message: 'No table' }, retryable: false }],
    ['release', { reason: 'stopping' }],
  ])('%s gets the same answer, even after others have taken the session', async (verb, json) => {
    const botId = await register();
    const session = await claimOne(botId);
    await tell(session, 'start');
    const first = await tell(session, verb, json);
    expect(first.status).toBe(200);
    expect(await tell(session, verb, json)).toEqual(first);
    await run(`update scraping_sessions set wake_at = null where status = 'pending'`);
    const isOver = first.body.status !== 'pending';
    const [again] = isOver ? [] : await claim(botId, { waitSeconds: 10 });
    expect(again?.id).toBe(isOver ? undefined : session.id);
    if (again) await tell(again, 'complete');
    expect(await tell(session, verb, json)).toEqual(first);
    const [bot] = (await api.get('/api/bots')).body.items as { jobsProcessed: number }[];
    expect(bot?.jobsProcessed).toBe((verb === 'release' ? 0 : 1) + (again ? 1 : 0));
  });

  it('with another verb than the one that ended it is stale', async () => {
    const session = await claimOne(await register());
    await tell(session, 'complete');
    for (const [verb, json] of [
      ['fail', { error: 'x' }],
      ['release', {}],
      ['start', {}],
      ['checkpoint', { leads: [lead(1)] }],
    ] as const) {
      const { status, body } = await tell(session, verb, json);
      expect(status, verb).toBe(409);
      expect(body).toMatchObject({ error: { code: 'stale_claim' } });
    }
    expect(await run('select from leads')).toEqual([]);
  });

  it('start gives the same time limit again, far beyond that of a claim which was not started', async () => {
    const session = await claimOne(await register());
    const first = await tell(session, 'start');
    expect(await tell(session, 'start')).toEqual(first);
    const { startedAt, timeoutAt } = first.body;
    expect(Date.parse(String(timeoutAt)) - Date.parse(String(startedAt))).toBe(600_000);
  });
});

describe('claiming', () => {
  it('never gives more than the bot has room for', async () => {
    const botId = await register({ concurrency: 3 });
    await populate(5);
    const first = await claim(botId, { limit: 2 });
    for (const session of first) await tell(session, 'start');
    const second = await claim(botId);
    for (const session of second) await tell(session, 'start');
    expect([first.length, second.length, (await claim(botId)).length]).toEqual([2, 1, 0]);
  });

  it('gives what it gave before when the answer was lost, under a new claim number, at no charge', async () => {
    const botId = await register({ concurrency: 1 });
    const lost = await claimOne(botId);
    const [again] = await claim(botId);
    expect(again).toMatchObject({ id: lost.id, retryCount: 0 });
    expect(again?.claimNumber).toBeGreaterThan(lost.claimNumber);
    expect((await tell(lost, 'start')).status).toBe(409);
  });

  it('keeps to the sources of request, bot and token', async () => {
    const any = await makeToken({ name: 'any', role: 'bot' });
    await populate(1, 'notices');
    const botId = await register({ sources: ['tenders'] });
    expect(await claim(botId)).toEqual([]);
    expect((await api.post('/api/sessions/claim', { botId, sources: ['notices'] }, token)).status).toBe(422);
    const free = await register({ name: 'Free' }, any);
    const { body } = await api.post('/api/sessions/claim', { botId: free }, any);
    expect(body.sessions).toMatchObject([{ source: 'notices' }]);
  });

  it('waits for work when asked to', async () => {
    const botId = await register();
    const waiting = claim(botId, { waitSeconds: 10 });
    await populate(1);
    expect(await waiting).toHaveLength(1);
  });

  it('is refused to a bot whose lease has passed, and to the bot of another token', async () => {
    const botId = await register();
    const other = await makeToken({ name: 'other', role: 'bot' });
    expect((await api.post('/api/sessions/claim', { botId }, other)).status).toBe(403);
    await run(`update worker_instances set lease_until = clock_timestamp() - interval '1 second'`);
    const { status, body } = await api.post('/api/sessions/claim', { botId }, token);
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: { code: 'bot_lost' } });
    expect((await api.post('/api/sessions/claim', { botId: 'bot-nobody' }, token)).status).toBe(404);
  });
});

describe('what is not started', () => {
  it('is taken back by rescue after a minute without a charge, and not before', async () => {
    const session = await claimOne(await register());
    expect(await server.context.queue.rescue()).toBe(0);
    await run(
      `update scraping_sessions set started_at = started_at - interval '61 s', timeout_at = timeout_at - interval '61 s'`,
    );
    expect(await server.context.queue.rescue()).toBe(1);
    expect(await sessionRow(session.id)).toMatchObject({
      status: 'pending',
      retryCount: 0,
      reason: 'Its bot did not start it in time; ready to go on',
    });
    expect((await tell(session, 'complete', { leads: [lead(1)] })).status).toBe(409);
  });

  it('does not concern what was started', async () => {
    const session = await claimOne(await register());
    await tell(session, 'start');
    await run(
      `update scraping_sessions set started_at = started_at - interval '61 s', timeout_at = timeout_at - interval '61 s'`,
    );
    expect(await server.context.queue.rescue()).toBe(0);
  });
});

describe('the heartbeat', () => {
  const beat = (botId: string, sessions: unknown[] = []) => api.post('/api/bots/heartbeat', { botId, sessions }, token);

  it('keeps a bot alive, and says what to stop', async () => {
    const botId = await register();
    await populate(3);
    const [cancelled, late, fine] = await claim(botId);
    if (!cancelled || !late || !fine) throw new Error('Three were expected.');
    for (const session of [cancelled, late, fine]) await tell(session, 'start');
    await api.post(`/api/sessions/${cancelled.id}/cancel`, {});
    await run(`update scraping_sessions set timeout_at = clock_timestamp() - interval '1 s' where id = $1`, [late.id]);
    await run(`update worker_instances set lease_until = clock_timestamp() + interval '1 minute'`);
    const stale = { id: fine.id, claimNumber: fine.claimNumber + 2 };
    const { status, body } = await beat(
      botId,
      [cancelled, late, fine].map(({ id, claimNumber }) => ({ id, claimNumber })).concat(stale),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      heartbeatSeconds: 30,
      leaseSeconds: 120,
      stop: [
        { sessionId: cancelled.id, claimNumber: cancelled.claimNumber, why: 'cancelled' },
        { sessionId: late.id, why: 'timeout' },
        { sessionId: fine.id, claimNumber: stale.claimNumber, why: 'stale' },
      ],
    });
    const [row] = await run(
      `select extract(epoch from lease_until - clock_timestamp())::float8 as lease from worker_instances`,
    );
    expect(row?.lease).toBeGreaterThan(100);
    expect((await tell(cancelled, 'release')).body).toMatchObject({ status: 'cancelled', outcome: 'cancelled' });
  });

  it('of a bot that was silent for two minutes is refused, its work is with others and it is shown as down', async () => {
    const botId = await register();
    const session = await claimOne(botId);
    await tell(session, 'start');
    await run(`update worker_instances set lease_until = clock_timestamp() - interval '1 s'`);
    expect((await api.get('/api/bots')).body.items).toMatchObject([{ botId, state: 'down' }]);
    expect(await server.context.queue.rescue()).toBe(1);
    expect((await beat(botId)).body).toMatchObject({ error: { code: 'bot_lost' } });
    expect((await api.get(`/api/bots/${botId}`)).body).toMatchObject({
      state: 'down',
      stopReason: 'Down: no heartbeat within two minutes',
    });
    expect((await tell(session, 'complete', { leads: [lead(1)] })).status).toBe(409);
    expect(await sessionRow(session.id)).toMatchObject({ status: 'pending', leadsFound: 0 });
  });
});

describe('who may speak of a session', () => {
  it('only the token whose bot holds it', async () => {
    const session = await claimOne(await register());
    const other = await makeToken({ name: 'other', role: 'bot' });
    await register({ name: 'Other' }, other);
    for (const verb of ['start', 'checkpoint', 'complete', 'release']) {
      expect((await tell(session, verb, {}, other)).status, verb).toBe(403);
    }
    expect((await tell(session, 'fail', { error: 'x' }, other)).status).toBe(403);
    expect((await tell(session, 'start', { botId: 'bot-another' })).status).toBe(403);
    expect(await sessionRow(session.id)).toMatchObject({ status: 'running', claimNumber: session.claimNumber });
  });

  it('of a claim that there never was it is stale, of a session that there never was unknown', async () => {
    const session = await claimOne(await register());
    expect((await tell({ ...session, claimNumber: 99 }, 'complete')).status).toBe(409);
    expect((await tell({ ...session, id: 999_999 }, 'complete')).status).toBe(404);
  });

  it('a worker of ours is not touched by any token', async () => {
    await server.context.queue.registerWorker({ workerId: 'w1', nodeId: 'n', hostname: 'h', pid: 1, concurrency: 1 });
    await populate(1);
    const [held] = await server.context.queue.claim({
      workerId: 'w1',
      sources: ['tenders'],
      limit: 1,
      jobTimeoutMs: 60_000,
    });
    if (!held) throw new Error('Nothing was claimed.');
    expect((await api.post(`/api/sessions/${held.id}/complete`, { claimNumber: held.claimNumber })).status).toBe(403);
  });
});

describe('leads of bots', () => {
  it('are judged one by one, and each refusal says why', async () => {
    const session = await claimOne(await register());
    const { status, body } = await tell(session, 'complete', {
      leads: [
        lead(1),
        'nonsense',
        null,
        lead(2, { sourceUrl: 'javascript:alert(1)' }),
        lead(3, { telephone: '1' }),
        { sourceRowId: 'r', sourceUrl: 'https://notices.example.com/' },
        lead(4, { name: 'x'.repeat(20_000) }),
        lead(5, { value: 'much' }),
        lead(6, { name: 'Nul \u0000 and half \ud800', email: 'PERSON@EXAMPLE.COM' }),
        lead(7, { __proto__: null, signal: 'gold' }),
      ],
    });
    expect(status).toBe(200);
    expect(body.leadsFound).toBe(2);
    const rejected = body.rejected as { index: number; reason: string }[];
    expect(rejected.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
    expect(rejected.map(({ reason }) => reason).join('\n')).toContain('telephone is not a known field');
    const [row] = await run(`select name, email from leads where source_row_id = 'row-6'`);
    expect(row).toMatchObject({ email: 'person@example.com' });
  });

  it('more than a thousand, or more than 4 MiB, are refused as a whole', async () => {
    const session = await claimOne(await register());
    const many = Array.from({ length: 1_001 }, (_, index) => lead(index));
    expect(await tell(session, 'checkpoint', { leads: many })).toMatchObject({
      status: 400,
      body: { error: { details: [{ field: 'leads' }] } },
    });
    const wide = Array.from({ length: 500 }, (_, index) => lead(index, { request: 'x'.repeat(9_000) }));
    expect((await tell(session, 'checkpoint', { leads: wide })).status).toBe(413);
    expect((await tell(session, 'checkpoint', { leads: many.slice(1) })).body).toMatchObject({ leadsFound: 1_000 });
  });

  it('of people who asked not to be contacted are left out', async () => {
    const { addSuppressions } = await import('#lib/leads/suppression.ts');
    await addSuppressions(server.database.db, [{ kind: 'phone', value: '(404) 555-0123' }]);
    const session = await claimOne(await register());
    expect((await tell(session, 'complete', { leads: [lead(1)] })).body).toMatchObject({ leadsFound: 0 });
    expect(await run('select from leads')).toEqual([]);
  });
});

describe('removing', () => {
  it('a bot gives its work back at once and takes it from the list', async () => {
    const botId = await register();
    const session = await claimOne(botId);
    await tell(session, 'start');
    expect((await api.delete(`/api/bots/${botId}`)).body).toEqual({ removed: botId });
    expect(await sessionRow(session.id)).toMatchObject({ status: 'pending', retryCount: 0 });
    expect((await api.get('/api/bots')).body.items).toEqual([]);
    expect((await api.post('/api/bots/heartbeat', { botId }, token)).body).toMatchObject({
      error: { code: 'bot_lost', message: expect.stringContaining('Removed by an admin') },
    });
    expect((await tell(session, 'complete')).status).toBe(409);
  });

  it('is for admins and for the bot itself', async () => {
    const botId = await register();
    const other = await makeToken({ name: 'other', role: 'bot' });
    expect((await api.delete(`/api/bots/${botId}`, other)).status).toBe(403);
    const viewer = await makeToken({ name: 'viewer', role: 'viewer' });
    expect((await api.delete(`/api/bots/${botId}`, viewer)).status).toBe(403);
    expect((await api.delete(`/api/bots/${botId}`, token)).status).toBe(200);
    expect((await api.get(`/api/bots/${botId}`)).body).toMatchObject({
      state: 'stopped',
      stopReason: 'It said goodbye',
    });
  });
});
