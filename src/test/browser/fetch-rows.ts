import type { Executor } from '#lib/db/create-db.ts';

export const SNAPSHOT = 'a1'.repeat(32);
/** The session with requests, and the one that waits for the paused host. */
export const SESSIONS = { read: 1, waiting: 2 };

/** A page that would do harm if anything of it were run, loaded or laid out. */
const HOSTILE_PAGE = `<!doctype html><title>Access Denied</title>
<script>document.title = 'taken over'; window.takenOver = true</script>
<img src="/taken-over.gif" onerror="window.takenOver = true">
<style>body { display: none }</style>
<p>Access \u202edenied</p>`;

/** What a fetch stack at work leaves behind: hosts in every state, their robots.txt, and sessions with requests. */
export async function insertFetchRows(db: Executor): Promise<void> {
  await insertHosts(db);
  await insertSessions(db);
  await db.query(
    `insert into page_snapshots (signature, expires_at, seen_count, status, source, url, verdict, evidence, headers, body)
     values ($1, now() + interval '6 days', 42, 403, 'permits', 'https://paused.example.com/search?page=3', 'blocked',
       '[{"rule":"title-denied","weight":3,"detail":"the title is Access Denied"},{"rule":"long-page","weight":-1,"detail":"it is long"}]',
       '{"content-type":"text/html","server":"edge"}', $2)`,
    [SNAPSHOT, HOSTILE_PAGE],
  );
}

async function insertHosts(db: Executor): Promise<void> {
  await db.query(
    `insert into host_pacing (host_key, floor_ms, robots_ms, adaptive_ms, strikes, error_streak, backoff_until, paused_until, pause_reason, last_asked_at, last_served_at, last_error) values
       ('slow.example.org', 2000, 10000, 0, 0, 0, '-infinity', null, null, now(), now(), null),
       ('paused.example.com', 2000, 0, 0, 0, 5, '-infinity', now() + interval '2 hours', '5 errors in a row; the last one: status 503', now(), null, 'status 503'),
       ('busy.example.net', 2000, 0, 4000, 2, 0, now() + interval '1 hour', null, null, now(), now(), 'status 429'),
       ('unread.example.net', 2000, 0, 0, 0, 0, '-infinity', null, null, now(), null, null)`,
  );
  await db.query(
    `insert into robots_cache (origin, outcome, http_status, reason, expires_at, crawl_delay_ms, failures, sitemaps) values
       ('https://data.slow.example.org', 'rules', 200, null, now() + interval '1 day', 10000, 0, '["https://data.slow.example.org/sitemap.xml"]'),
       ('https://unread.example.net', 'unreachable', 503, 'status 503', now() + interval '5 minutes', null, 1, '[]')`,
  );
}

async function insertSessions(db: Executor): Promise<void> {
  await db.query(
    `insert into scraping_sessions (batch_id, source, location, status, host_key, wake_at, status_reason, started_at, completed_at) values
       (gen_random_uuid(), 'permits', 'Georgia', 'completed', 'slow.example.org', null, null, now() - interval '9 minutes', now()),
       (gen_random_uuid(), 'permits', 'Macon, GA', 'pending', 'paused.example.com', now() + interval '2 hours', 'the host is paused', null, null)`,
  );
  await db.query(
    `insert into session_requests (session_id, claim_number, method, url, status, duration_ms, wire_bytes, proxy, verdict, reason, snapshot_signature)
     select $1, 1, 'GET', 'https://data.slow.example.org/rows?page=' || n, 200, 120, 20000, null, 'done', 'status 200', null from generate_series(1, 60) n`,
    [SESSIONS.read],
  );
  await db.query(
    `insert into session_requests (session_id, claim_number, method, url, status, duration_ms, wire_bytes, proxy, verdict, reason, snapshot_signature) values
       ($1, 1, 'GET', 'https://slow.example.org/private/1', null, 0, 0, null, 'skipped', 'line 4 forbids it: Disallow: /private/', null),
       ($1, 1, 'GET', 'https://paused.example.com/search?page=3', 403, 312, 1412, 'proxy.example.com:8080', 'blocked', 'a block page', $2)`,
    [SESSIONS.read, SNAPSHOT],
  );
}
