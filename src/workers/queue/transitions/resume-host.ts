import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/**
 * A person says that a host may be asked again: its pause and back-off are forgotten, and all that sleep because of it stand in its
 * line. What the source and robots.txt promise still holds.
 */
const RESUME_HOST = `
with resumed as materialized (select resume_host($1::text) as known),
woken as (
  update scraping_sessions s set wake_at = 'infinity'
  where s.host_key = $1::text and s.status = 'pending' and s.wake_at < 'infinity')
select known from resumed`;

/** False when nobody has ever asked the host. */
export async function resumeHost(db: Executor, hostKey: string): Promise<boolean> {
  const [row] = await db.query<{ known: boolean } & QueryRow>(RESUME_HOST, [hostKey]);
  return row?.known ?? false;
}
