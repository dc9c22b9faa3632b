import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';

let server: TestServerContext;
let api: ApiCaller;
beforeAll(async () => {
  server = await createTestServerContext();
  api = await createApiCaller();
  await api.post('/api/tokens', { name: 'bots', role: 'bot', sources: ['notices'] });
});
beforeEach(() => server.database.db.query('truncate scraping_sessions, session_batches'));
afterAll(() => server.close());

const populate = (body: unknown) => api.post('/api/sessions/populate', body);
const countSessions = async () => {
  const [row] = await server.database.db.query('select count(*)::int as count from scraping_sessions');
  return row?.count;
};
const notice = (more: Record<string, unknown> = {}) => ({ source: 'notices', location: 'Macon, GA', ...more });

describe('POST /api/sessions/populate', () => {
  it('makes a thousand sessions as one batch, in the order of the request', async () => {
    const sessions = Array.from({ length: 1_000 }, (_, index) =>
      notice({ location: `Place ${index}`, priority: index % 3 }),
    );
    const { status, body } = await populate({ sessions });
    expect(status).toBe(202);
    const made = body.sessions as { id: number; location: string }[];
    expect(made.map(({ location }) => location)).toEqual(sessions.map(({ location }) => location));
    expect(await countSessions()).toBe(1_000);
    expect((await populate({ sessions: [...sessions, notice()] })).status).toBe(400);
  });

  it('makes no further session for a key that it knows', async () => {
    const request = { idempotencyKey: 'monday', sessions: [notice(), notice({ location: 'Savannah, GA' })] };
    const first = await populate(request);
    expect(await populate(request)).toEqual(first);
    expect(await countSessions()).toBe(2);
  });

  it('keeps what each session asks for', async () => {
    await populate({
      sessions: [
        notice({
          params: { url: 'https://notices.example.com/' },
          priority: 7,
          maxRetries: 1,
          notBefore: '2999-01-01T00:00:00Z',
        }),
      ],
    });
    const [row] = await server.database.db.query(
      `select params, priority, max_retries, wake_at > now() + interval '100 years' as asleep from scraping_sessions`,
    );
    expect(row).toEqual({ params: { url: 'https://notices.example.com/' }, priority: 7, max_retries: 1, asleep: true });
  });

  it.each([
    [notice({ source: 'notises' }), 422, 'unknown_source', 'sessions.1.source'],
    [{ source: 'permits', location: 'Atlantis' }, 422, 'unknown_location', 'sessions.1.location'],
    [
      { source: 'permits', location: 'Georgia', params: { maxRows: -1 } },
      422,
      'invalid_params',
      'sessions.1.params.maxRows',
    ],
    [notice({ location: ' ' }), 400, 'invalid_request', 'sessions.1.location'],
    [notice({ notBefore: 'tomorrow' }), 400, 'invalid_request', 'sessions.1.notBefore'],
    [notice({ urgent: true }), 400, 'invalid_request', 'sessions.1.urgent'],
  ])('refuses %j as a whole, and names the entry', async (wrong, status, code, field) => {
    const answer = await populate({ sessions: [notice(), wrong] });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({
      status,
      body: { error: { code, details: [{ field }] } },
    });
    expect(await countSessions()).toBe(0);
  });

  it('is for admins', async () => {
    const { body } = await api.post('/api/tokens', { name: 'operator', role: 'operator' });
    expect((await api.post('/api/sessions/populate', { sessions: [notice()] }, String(body.token))).status).toBe(403);
  });
});
