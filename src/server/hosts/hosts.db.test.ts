import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiHost, ApiHostPage } from '#lib/api/host.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { POST } from '../../app/api/hosts/[id]/resume/route.ts';
import { GET } from '../../app/api/hosts/route.ts';

let server: TestServerContext;

beforeAll(async () => {
  server = await createTestServerContext();
  const { db } = server.context;
  await db.query(
    `insert into host_pacing (host_key, floor_ms, robots_ms, adaptive_ms, strikes, backoff_until, paused_until, pause_reason, last_asked_at) values
       ('example.com', 2000, 10000, 0, 0, '-infinity', null, null, now()),
       ('paused.example.net', 2000, 0, 0, 0, '-infinity', now() + interval '10 minutes', 'Refused for 15 minutes', now()),
       ('was-paused.example.net', 2000, 0, 0, 0, '-infinity', now() - interval '1 minute', 'Long ago', null),
       ('busy.example.org', 1000, 0, 0, 2, now() + interval '40 minutes', null, null, null),
       ('shaky.example.org', 1000, 3000, 8000, 0, '-infinity', null, null, null),
       ('127.0.0.1:8080', 250, 0, 0, 0, '-infinity', null, null, null),
       ('closed.example.com.au', 2000, 0, 0, 0, '-infinity', null, null, null)`,
  );
  await db.query(
    `insert into host_slots (host_key, worker_id, start_at, expires_at) values
       ('example.com', 'w', now(), now() + interval '1 hour'), ('example.com', 'w', now(), now() - interval '1 minute')`,
  );
  await db.query(
    `insert into robots_cache (origin, outcome, http_status, reason, expires_at, crawl_delay_ms, sitemaps, failures)
     select *, case outcome when 'unreachable' then case reason when 'not read yet' then 0 else 1 end else 0 end from (values
       ('https://example.com', 'rules', 200, null, now() + interval '1 day', 10000, to_jsonb(array(select 'https://example.com/' || i from generate_series(1, 30) i))),
       ('https://data.example.com:8443', 'none', 404, null, now() + interval '1 day', null, '[]'),
       ('https://notexample.com', 'none', 404, null, now() + interval '1 day', null, '[]'),
       ('http://127.0.0.1:8080', 'none', 404, null, now() + interval '1 day', null, '[]'),
       ('http://127.0.0.1:9090', 'unreachable', null, 'another server', now() + interval '1 day', null, '[]'),
       -- Somebody is looking at it for the first time.
       ('https://begun.example.com', 'unreachable', null, 'not read yet', now(), null, '[]'),
       ('https://www.closed.example.com.au', 'unreachable', 503, 'status 503', now() + interval '1 hour', null, '[]')
     ) as given (origin, outcome, http_status, reason, expires_at, crawl_delay_ms, sitemaps)`,
  );
  await db.query(
    `insert into scraping_sessions (batch_id, source, location, status, host_key, wake_at) values
       (gen_random_uuid(), 's', 'x', 'pending', 'paused.example.net', now() + interval '10 minutes'),
       (gen_random_uuid(), 's', 'x', 'pending', 'paused.example.net', null),
       (gen_random_uuid(), 's', 'x', 'running', 'paused.example.net', null),
       (gen_random_uuid(), 's', 'x', 'pending', null, null)`,
  );
});
afterAll(() => server.close());

async function list(query = ''): Promise<ApiHostPage> {
  const response = await GET(apiRequest(`/api/hosts${query}`), { params: Promise.resolve({}) });
  expect(response.status).toBe(200);
  return (await response.json()) as ApiHostPage;
}

async function hostOf(hostKey: string): Promise<ApiHost> {
  const host = (await list()).items.find((item) => item.hostKey === hostKey);
  if (!host) throw new Error(`${hostKey} is not listed`);
  return host;
}

describe('GET /api/hosts', () => {
  it('lists those that may not be asked first, and counts all', async () => {
    const { items, counts, nextCursor } = await list();
    expect(items.map(({ hostKey, state }) => [hostKey, state])).toEqual([
      ['paused.example.net', 'paused'],
      ['busy.example.org', 'backing-off'],
      ['closed.example.com.au', 'robots-unreachable'],
      ['shaky.example.org', 'slowed'],
      ['127.0.0.1:8080', 'ready'],
      ['example.com', 'ready'],
      ['was-paused.example.net', 'ready'],
    ]);
    expect(counts).toEqual({ paused: 1, 'backing-off': 1, 'robots-unreachable': 1, slowed: 1, ready: 3 });
    expect(nextCursor).toBeNull();
  });

  it('says which gap is in force and why', async () => {
    const gapOf = async (hostKey: string) => {
      const { gapMs, gapReason } = await hostOf(hostKey);
      return [gapMs, gapReason];
    };
    expect(await gapOf('example.com')).toEqual([10_000, 'crawlDelay']);
    expect(await gapOf('busy.example.org')).toEqual([1_000, 'source']);
    expect(await gapOf('shaky.example.org')).toEqual([8_000, 'slowed']);
    expect((await hostOf('shaky.example.org')).gaps).toEqual({ source: 1000, crawlDelay: 3000, slowed: 8000 });
  });

  it('says until when and why a host is paused, and nothing of a pause that has passed', async () => {
    const paused = await hostOf('paused.example.net');
    expect(paused).toMatchObject({ pauseReason: 'Refused for 15 minutes', waitingSessions: 2 });
    expect(Date.parse(paused.pausedUntil ?? '')).toBeGreaterThan(Date.now());
    const past = await hostOf('was-paused.example.net');
    expect(past).toMatchObject({ pausedUntil: null, pauseReason: null, backoffUntil: null, lastAskedAt: null });
  });

  it('counts the slots that are held, not those that have expired', async () => {
    expect((await hostOf('example.com')).inFlight).toBe(1);
  });

  it('shows the robots.txt of every origin of a host, and of no other', async () => {
    const { robots } = await hostOf('example.com');
    expect(robots.map(({ origin, outcome }) => [origin, outcome])).toEqual([
      ['https://data.example.com:8443', 'none'],
      ['https://example.com', 'rules'],
    ]);
    expect(robots[1]).toMatchObject({ httpStatus: 200, crawlDelayMs: 10_000, sitemapCount: 30 });
    expect(robots[1]?.sitemaps).toHaveLength(20);
    expect((await hostOf('127.0.0.1:8080')).robots.map(({ origin }) => origin)).toEqual(['http://127.0.0.1:8080']);
    expect((await hostOf('closed.example.com.au')).robots[0]).toMatchObject({ httpStatus: 503, reason: 'status 503' });
  });

  it('goes on exactly where a page ended', async () => {
    const whole = (await list()).items.map(({ hostKey }) => hostKey);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: ApiHostPage = await list(`?limit=2&cursor=${cursor}`);
      seen.push(...page.items.map(({ hostKey }) => hostKey));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(whole);
  });

  it('filters by state and by any part of the name', async () => {
    const keysOf = async (query: string) => (await list(query)).items.map(({ hostKey }) => hostKey);
    expect(await keysOf('?state=paused,slowed')).toEqual(['paused.example.net', 'shaky.example.org']);
    expect(await keysOf('?text=EXAMPLE.ORG')).toEqual(['busy.example.org', 'shaky.example.org']);
    expect(await keysOf('?state=ready&text=org')).toEqual([]);
  });

  it('refuses cursors that it did not give out', async () => {
    const forged = ['x', btoa('[1]'), btoa('["1","a"]'), btoa('[1,"\\u0000"]'), btoa('[99,"a"]'), btoa('{"after":1}')];
    for (const cursor of forged) {
      const response = await GET(apiRequest(`/api/hosts?cursor=${encodeURIComponent(cursor)}`), {
        params: Promise.resolve({}),
      });
      expect(`${cursor} ${response.status}`).toBe(`${cursor} 400`);
    }
  });
});

describe('POST /api/hosts/KEY/resume', () => {
  const resume = async (hostKey: string) => {
    const request = apiRequest('/api/hosts/x/resume', { method: 'POST' });
    const response = await POST(request, { params: Promise.resolve({ id: hostKey }) });
    return { status: response.status, body: await response.json() };
  };

  it('lets a paused host be asked again at once', async () => {
    expect(await resume('paused.example.net')).toEqual({ status: 200, body: { hostKey: 'paused.example.net' } });
    expect(await hostOf('paused.example.net')).toMatchObject({ state: 'ready', pausedUntil: null });
    expect((await resume('127.0.0.1:8080')).status).toBe(200);
  });

  it('says 404 for a host that nobody asked, and 400 for what is none', async () => {
    for (const hostKey of ['nowhere.example.com', '1', 'localhost:1']) {
      expect(await resume(hostKey)).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    }
    for (const hostKey of ['', '\u0000', ' x', 'ä', 'a'.repeat(301)]) {
      expect(await resume(hostKey)).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
    }
  });
});
