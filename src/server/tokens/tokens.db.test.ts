import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '#lib/tokens/token-hash.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';

let server: TestServerContext;
let api: ApiCaller;
beforeAll(async () => {
  server = await createTestServerContext();
  api = await createApiCaller();
});
afterAll(() => server.close());

async function make(input: Record<string, unknown>): Promise<{ id: number; token: string }> {
  const { status, body } = await api.post('/api/tokens', input);
  expect(status, JSON.stringify(body)).toBe(201);
  return { id: Number(body.id), token: String(body.token) };
}

describe('tokens', () => {
  it('are shown once: the list has no secret, and the table only a hash', async () => {
    const { id, token } = await make({ name: 'Reports', role: 'viewer' });
    expect(token).toMatch(/^eko_[\w-]{43}$/);
    const { body } = await api.get('/api/tokens');
    expect(body.items).toMatchObject([{ id, name: 'Reports', role: 'viewer', lastUsedAt: null, revokedAt: null }]);
    expect(JSON.stringify(body)).not.toContain(token.slice(4));
    const [row] = await server.database.db.query('select t::text as text, token_hash from api_tokens t where id = $1', [
      id,
    ]);
    expect(String(row?.text)).not.toContain(token.slice(4));
    expect(row?.token_hash).toEqual(hashToken(token));
  });

  it('may do what their role may, and note their use', async () => {
    const viewer = await make({ name: 'viewer', role: 'viewer' });
    const operator = await make({ name: 'operator', role: 'operator' });
    const admin = await make({ name: 'admin', role: 'admin' });
    const bot = await make({ name: 'bot', role: 'bot' });
    const asks = async (token: string) => [
      (await api.get('/api/sessions', token)).status,
      (await api.post('/api/sessions/999/cancel', {}, token)).status,
      (await api.get('/api/tokens', token)).status,
      (await api.post('/api/sessions/claim', { botId: 'bot-x' }, token)).status,
    ];
    expect(await asks(viewer.token)).toEqual([200, 403, 403, 403]);
    expect(await asks(operator.token)).toEqual([200, 404, 403, 403]);
    expect(await asks(admin.token)).toEqual([200, 404, 200, 404]);
    expect(await asks(bot.token)).toEqual([403, 403, 403, 404]);
    const items = (await api.get('/api/tokens')).body.items as { id: number; lastUsedAt: string | null }[];
    expect(items.find(({ id }) => id === bot.id)?.lastUsedAt).not.toBeNull();
  });

  it('end with the request after they are revoked, and revoking again changes nothing', async () => {
    const { id, token } = await make({ name: 'short', role: 'viewer' });
    expect((await api.get('/api/sessions', token)).status).toBe(200);
    expect((await api.delete(`/api/tokens/${id}`)).body).toEqual({ revoked: id });
    expect((await api.get('/api/sessions', token)).body).toMatchObject({ error: { code: 'not_signed_in' } });
    expect((await api.delete(`/api/tokens/${id}`)).status).toBe(200);
    expect((await api.delete('/api/tokens/999999')).status).toBe(404);
  });

  it('end when they expire', async () => {
    const { id, token } = await make({ name: 'a day', role: 'viewer', expiresInDays: 1 });
    expect((await api.get('/api/sessions', token)).status).toBe(200);
    await server.database.db.query(`update api_tokens set expires_at = clock_timestamp() where id = $1`, [id]);
    expect((await api.get('/api/sessions', token)).status).toBe(401);
  });

  it('give the work of their bots back when they are revoked', async () => {
    const { id, token } = await make({ name: 'bots', role: 'bot', sources: ['tenders'] });
    const { body } = await api.post('/api/bots/register', { name: 'Reader' }, token);
    await api.post('/api/sessions/populate', { sessions: [{ source: 'tenders', location: 'Here' }] });
    const claimed = await api.post('/api/sessions/claim', { botId: body.botId }, token);
    expect(claimed.body.sessions).toHaveLength(1);
    await api.delete(`/api/tokens/${id}`);
    const rows = await server.database.db.query(
      `select status, retry_count from scraping_sessions where source = 'tenders'`,
    );
    expect(rows).toEqual([{ status: 'pending', retry_count: 0 }]);
    expect((await api.get(`/api/bots/${String(body.botId)}`)).body).toMatchObject({
      stopReason: 'Its token was revoked',
    });
  });

  it.each([
    [{ role: 'viewer' }, 'name'],
    [{ name: 'x', role: 'owner' }, 'role'],
    [{ name: 'x', role: 'viewer', sources: ['tenders'] }, 'sources'],
    [{ name: 'x', role: 'bot', sources: ['Not A Name'] }, 'sources.0'],
    [{ name: 'x', role: 'viewer', expiresInDays: 0 }, 'expiresInDays'],
    [{ name: 'x', role: 'viewer', days: 3 }, 'days'],
  ])('%j is refused, naming %s', async (input, field) => {
    const { status, body } = await api.post('/api/tokens', input);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { details: [{ field }] } });
  });
});
