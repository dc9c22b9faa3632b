import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, type BotAnswer, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';

const ROUNDS = process.env.LONG_RUN ? 1_000 : 40;
const TERMINAL = ['completed', 'failed', 'cancelled'];

let server: TestServerContext;
let api: ApiCaller;
let token: string;
let botId: string;

beforeAll(async () => {
  server = await createTestServerContext();
  api = await createApiCaller();
  token = String((await api.post('/api/tokens', { name: 'chaos', role: 'bot', sources: ['tenders'] })).body.token);
  botId = await register();
});
afterAll(() => server.close());

async function register(): Promise<string> {
  return String((await api.post('/api/bots/register', { name: 'chaos', concurrency: 100 }, token)).body.botId);
}

interface Held {
  id: number;
  claimNumber: number;
}

async function claimNew(): Promise<Held> {
  const made = await api.post('/api/sessions/populate', { sessions: [{ source: 'tenders', location: 'Here' }] });
  const [session] = made.body.sessions as { id: number }[];
  const { body } = await api.post('/api/sessions/claim', { botId, limit: 1, waitSeconds: 10 }, token);
  const [held] = body.sessions as Held[];
  if (!held || held.id !== session?.id) throw new Error('Another session was claimed.');
  await api.post(`/api/sessions/${held.id}/start`, { claimNumber: held.claimNumber }, token);
  return held;
}

const lead = (row: string) => ({ sourceRowId: row, sourceUrl: 'https://notices.example.com/', name: `Person ${row}` });

/** What a bot, or a network that repeats requests, may do at any moment; each with the body that it repeats. */
function movesOn({ id, claimNumber }: Held): Record<string, () => Promise<BotAnswer>> {
  const tell = (verb: string, json: Record<string, unknown>) => () =>
    api.post(`/api/sessions/${id}/${verb}`, { claimNumber, ...json }, token);
  return {
    complete: tell('complete', { leads: [lead(`${id}-a`), lead(`${id}-b`)] }),
    fail: tell('fail', { error: 'It failed' }),
    'fail for good': tell('fail', { error: { code: 'layout_changed', message: 'No table' }, retryable: false }),
    release: tell('release', { reason: 'stopping' }),
    checkpoint: tell('checkpoint', { leads: [lead(`${id}-a`)], cursor: { page: 1 } }),
    start: tell('start', {}),
    cancel: () => api.post(`/api/sessions/${id}/cancel`, {}),
    heartbeat: () => api.post('/api/bots/heartbeat', { botId, sessions: [{ id, claimNumber }] }, token),
    claim: () => api.post('/api/sessions/claim', { botId, limit: 1 }, token),
  };
}

/** Verbs that end a claim, which must have one answer for ever. */
const ENDS = ['complete', 'fail', 'fail for good', 'release'];

/** A generator of the same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function attemptsOf(held: Held) {
  return await server.database.db.query<{ outcome: string; claimNumber: number }>(
    `select outcome, claim_number as "claimNumber" from scraper_metrics where session_id = $1 order by claim_number`,
    [held.id],
  );
}

describe('calls of a bot at the same moment, in any order and repeated', () => {
  it('end a claim once, and give every repeated call the same answer', { timeout: ROUNDS * 2_000 }, async () => {
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const random = randomOf(seed);
      const held = await claimNew();
      const moves = movesOn(held);
      const names = Object.keys(moves);
      const chosen = Array.from({ length: 6 }, () => names[Math.floor(random() * names.length)] ?? 'complete');
      // Half of them twice, as a client does that lost the answer.
      const sent = chosen.flatMap((name) => (random() < 0.5 ? [name, name] : [name]));
      const answers = await Promise.all(sent.map(async (name) => ({ name, answer: await moves[name]?.() })));
      const shown = `seed ${seed}: ${sent.join(', ')}`;

      const ended = (await attemptsOf(held)).filter(({ claimNumber }) => claimNumber === held.claimNumber);
      expect(ended.length, shown).toBeLessThanOrEqual(1);
      for (const { name, answer } of answers) expect(answer?.status, `${shown} → ${name}`).toBeLessThan(500);
      for (const name of new Set(sent.filter((one) => ENDS.includes(one)))) {
        const good = answers.filter((one) => one.name === name && one.answer?.status === 200);
        const again = await moves[name]?.();
        // Whoever was told that it worked is told the same again; whoever was refused may have come too early for any end.
        for (const { answer } of good) expect(again, `${shown} → ${name} again`).toEqual(answer);
        expect(again?.status, `${shown} → ${name} again`).toBeOneOf([200, 409]);
      }
      await finish(held);
      const terminal = (await attemptsOf(held)).filter(({ outcome }) => TERMINAL.includes(outcome));
      expect(terminal.length, shown).toBeLessThanOrEqual(1);
    }
    const twice = await server.database.db.query(
      `select session_id from scraper_metrics where outcome in ('completed', 'failed', 'cancelled')
       group by session_id having count(*) > 1`,
    );
    expect(twice).toEqual([]);
    expect(await server.database.db.query('select lead_key from leads group by lead_key having count(*) > 1')).toEqual(
      [],
    );
  });
});

/** Ends what a round has left, so that the next one claims its own session. */
async function finish(held: Held): Promise<void> {
  await api.post(`/api/sessions/${held.id}/cancel`, {});
  await server.database.db.query(
    `update scraping_sessions set timeout_at = clock_timestamp() - interval '1 hour', started_at = started_at - interval '2 hours'
     where status = 'running'`,
  );
  await server.context.queue.rescue();
}

describe('an answer that is lost after the commit', () => {
  let http: ApiServer;
  let proxy: TcpFaultProxy;
  beforeAll(async () => {
    http = await startApiServer();
    proxy = await TcpFaultProxy.start({ port: http.port });
  });
  afterAll(async () => {
    await proxy.close();
    await http.close();
  });

  it.each(['complete', 'fail', 'release'])('of /%s is given again to whoever asks again', async (verb) => {
    const held = await claimNew();
    const body: Record<string, Record<string, unknown>> = {
      complete: { leads: [lead(`${held.id}-x`), lead(`${held.id}-y`)] },
      fail: { error: 'It failed' },
      release: { reason: 'stopping' },
    };
    const send = () =>
      fetch(`http://127.0.0.1:${proxy.port}/api/sessions/${held.id}/${verb}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ claimNumber: held.claimNumber, ...body[verb] }),
      });
    proxy.set({ blackHole: 'toClient' });
    const lost = expect(send()).rejects.toThrow();
    await waitFor(async () => (await attemptsOf(held)).length === 1, { timeoutMs: 15_000 });
    proxy.cut();
    await lost;
    proxy.heal();
    const again = await send();
    expect(again.status).toBe(200);
    const answer = await again.json();
    expect(answer).toMatchObject({
      id: held.id,
      claimNumber: held.claimNumber,
      leadsFound: verb === 'complete' ? 2 : 0,
    });
    expect(await (await send()).json()).toEqual(answer);
    expect(await attemptsOf(held)).toHaveLength(1);
    await finish(held);
  });
});
