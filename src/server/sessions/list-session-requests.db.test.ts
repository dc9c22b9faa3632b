import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { listSessionRequests } from './list-session-requests.ts';

let server: TestServerContext;
let id = 0;
beforeAll(async () => {
  server = await createTestServerContext();
  const { sessions } = await server.context.queue.enqueue([
    { source: 'permits', location: 'Georgia' },
    { source: 'permits', location: 'Texas' },
  ]);
  id = sessions[0]?.id ?? 0;
  await server.context.db.query(
    `insert into session_requests (session_id, claim_number, status, duration_ms, wire_bytes, proxy_id, proxy, method, url, verdict, reason)
     select $1, 1, 200 + n, n, n, 3, '192.0.2.1:80', 'GET', 'https://example.com/' || n,
       (array['done', 'blocked', 'redirect', 'not-modified', 'skipped'])[1 + n % 5], 'because' from generate_series(0, 9) n
     union all select $1 + 1, 1, 200, 1, 1, null, null, 'GET', 'https://example.com/other', 'done', null`,
    [id],
  );
});
afterAll(() => server.close());

const list = (filter = {}, page: { limit?: number; after?: number | null } = {}) =>
  listSessionRequests(server.context.db, id, filter, { limit: 50, after: null, ...page });

describe('listSessionRequests', () => {
  it('lists those of one session, newest first, and goes on where it stopped', async () => {
    const first = await list({}, { limit: 7 });
    expect(first.items.map(({ status }) => status)).toEqual([209, 208, 207, 206, 205, 204, 203]);
    expect(first.nextCursor).not.toBeNull();
    const rest = await list({}, { limit: 7, after: first.items.at(-1)?.id ?? null });
    expect(rest.items.map(({ status }) => status)).toEqual([202, 201, 200]);
    expect(rest.nextCursor).toBeNull();
    expect(first.items[0]).toEqual({
      id: expect.any(Number),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      method: 'GET',
      url: 'https://example.com/9',
      status: 209,
      durationMs: 9,
      wireBytes: 9,
      proxy: '192.0.2.1:80',
      verdict: 'skipped',
      reason: 'because',
      snapshotSignature: null,
    });
  });

  it('shows only problems when asked to', async () => {
    const { items } = await list({ problems: true });
    expect(items.map(({ verdict }) => verdict)).toEqual(['skipped', 'blocked', 'skipped', 'blocked']);
    expect((await list({ problems: false })).items).toHaveLength(10);
  });

  it('tells a session that asked nothing from one that there is not', async () => {
    await server.context.db.query('delete from session_requests where session_id = $1', [id + 1]);
    const page = { limit: 5, after: null };
    expect(await listSessionRequests(server.context.db, id + 1, {}, page)).toEqual({ items: [], nextCursor: null });
    await expect(listSessionRequests(server.context.db, 99_999, {}, page)).rejects.toMatchObject({ code: 'not_found' });
  });
});
