import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/**
 * A person says that a host may be asked again: its pause and back-off are forgotten, and all that sleep because of it stand in its
 * line. What the source and robots.txt promise still holds, and so does every other delay: a session that waits for its next try
 * after an error of its own, or for a later start, sleeps on.
 */
const RESUME_HOST = `
with resumed as materialized (select resume_host($1::text) as known),
woken as (
  update scraping_sessions s set wake_at = 'infinity'
  where s.host_key = $1::text and s.status = 'pending' and s.wake_at < 'infinity'
    and exists (
      select from scraper_metrics m
      where m.session_id = s.id and m.claim_number = s.claim_number - 1 and m.outcome = 'snoozed'))
select known from resumed`;

/** False when nobody has ever asked the host. */
export async function resumeHost(db: Executor, hostKey: string): Promise<boolean> {
  const [row] = await db.query<{ known: boolean } & QueryRow>(RESUME_HOST, [hostKey]);
  return row?.known ?? false;
}
