import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiCaller, type BotAnswer, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';

const URL_HERE = 'https://www.notices.example.com/list?page=1';
const HOST_KEY = 'example.com';

interface Held {
  id: number;
  claimNumber: number;
}

let server: TestServerContext;
let api: ApiCaller;
let token: string;

beforeAll(async () => {
  server = await createTestServerContext();
  api = await createApiCaller();
  token = String((await api.post('/api/tokens', { name: 'bots', role: 'bot', sources: ['notices'] })).body.token);
});
afterAll(() => server.close());
beforeEach(() => server.database.db.query('truncate scraping_sessions, scraper_metrics, host_pacing, host_slots'));

async function claimOne(): Promise<Held> {
  await api.post('/api/sessions/populate', { sessions: [{ source: 'notices', location: 'Here' }] });
  const { botId } = (await api.post('/api/bots/register', { name: 'Reader' }, token)).body;
  const { body } = await api.post('/api/sessions/claim', { botId, waitSeconds: 10 }, token);
  const [held] = body.sessions as Held[];
  if (!held) throw new Error('Nothing was claimed.');
  await tell(held, 'start');
  return held;
}

const tell = ({ id, claimNumber }: Held, verb: string, json: Record<string, unknown> = {}): Promise<BotAnswer> =>
  api.post(`/api/sessions/${id}/${verb}`, { claimNumber, ...json }, token);

/** What the host's row says. */
async function readHost(): Promise<Record<string, unknown> | undefined> {
  const [row] = await server.database.db.query(
    `select gap_ms as "gapMs", floor_ms as "floorMs", robots_ms as "robotsMs", error_streak as "errorStreak",
       backoff_until > clock_timestamp() + interval '60 s' as "backsOff", next_at > clock_timestamp() as "rests"
     from host_pacing where host_key = $1`,
    [HOST_KEY],
  );
  return row;
}

describe('the turn of a bot at a host', () => {
  it('is given at once where nobody asks, and the host rests after the answer', async () => {
    const held = await claimOne();
    const { status, body } = await tell(held, 'slot', { url: URL_HERE, crawlDelaySeconds: 7 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ hostKey: HOST_KEY, waitMs: 0, reason: null });
    const release = { slotId: body.slotId, result: 'served', sinceMs: 5 };
    const first = await tell(held, 'slot/release', release);
    expect(first).toMatchObject({ status: 200, body: { released: true } });
    expect(await tell(held, 'slot/release', release)).toEqual(first);
    expect(await readHost()).toMatchObject({ gapMs: 7_000, floorMs: 2_000, robotsMs: 7_000, rests: true });
  });

  it('comes after that of everybody else, whether bot or worker', async () => {
    const [one, other] = [await claimOne(), await claimOne()];
    const slot = await tell(one, 'slot', { url: URL_HERE, crawlDelaySeconds: 14 });
    const elsewhere = { url: 'https://data.example.com/', crawlDelaySeconds: 14 };
    expect((await tell(other, 'slot', elsewhere)).body).toMatchObject({ slotId: null, reason: 'in-flight' });
    await tell(one, 'slot/release', { slotId: slot.body.slotId, result: 'served' });
    const next = (await tell(other, 'slot', elsewhere)).body;
    expect(next.slotId).not.toBeNull();
    expect(next.waitMs).toBeGreaterThan(7_000);
    expect(next.waitMs).toBeLessThanOrEqual(14_000);
  });

  it('is asked for again when the answer was lost, and the lost one blocks nobody', async () => {
    const held = await claimOne();
    await tell(held, 'slot', { url: URL_HERE });
    const again = await tell(held, 'slot', { url: URL_HERE });
    expect(again.body.slotId).not.toBeNull();
    const [row] = await server.database.db.query('select count(*)::int as count from host_slots');
    expect(row?.count).toBe(1);
  });

  it('is refused to all while the host asks for less', async () => {
    const held = await claimOne();
    const { body } = await tell(held, 'slot', { url: URL_HERE });
    await tell(held, 'slot/release', {
      slotId: body.slotId,
      result: 'throttled',
      retryAfterSeconds: 90,
      error: 'status 429',
    });
    expect(await readHost()).toMatchObject({ backsOff: true });
    const refused = (await tell(held, 'slot', { url: URL_HERE })).body;
    expect(refused).toMatchObject({ slotId: null, reason: 'back-off' });
    expect(refused.waitMs).toBeGreaterThan(60_000);
  });

  it('is for whoever holds the session, and for web addresses', async () => {
    const [held, other] = [await claimOne(), await claimOne()];
    const { body } = await tell(held, 'slot', { url: URL_HERE });
    // Another session cannot give it back.
    await tell(other, 'slot/release', { slotId: body.slotId, result: 'served' });
    const [row] = await server.database.db.query('select count(*)::int as count from host_slots');
    expect(row?.count).toBe(1);
    expect((await tell(other, 'slot', { url: 'file:///etc/passwd' })).status).toBe(400);
    await tell(other, 'complete');
    expect((await tell(other, 'slot', { url: URL_HERE })).status).toBe(409);
  });
});
