import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/**
 * Moves sessions whose time has come into the ready index, and says whether anything there waits for one of the sources.
 * Safe to run from any number of managers: each due row is promoted by one of them. clock_timestamp() stands in a
 * subquery because a volatile function cannot bound an index scan.
 */
const PROMOTE_DUE = `
with due as materialized (
  select s.id from scraping_sessions s
  where s.status = 'pending' and s.wake_at is not null and s.wake_at <= (select clock_timestamp())
  order by s.wake_at limit 500
  for no key update skip locked),
promoted as (
  update scraping_sessions s set wake_at = null from due where s.id = due.id returning s.source)
select exists (select from promoted where $1::text[] is null or source = any($1::text[]))
  or ($1::text[] is null and exists (
    select from scraping_sessions s where s.status = 'pending' and s.wake_at is null))
  or exists (
    select from unnest($1::text[]) as src(source)
    cross join lateral (
      select from scraping_sessions s
      where s.source = src.source and s.status = 'pending' and s.wake_at is null limit 1) waiting) as ready`;

export async function promoteDue(db: Executor, sources: readonly string[] | null): Promise<boolean> {
  const [row] = await db.query<{ ready: boolean } & QueryRow>(PROMOTE_DUE, [sources]);
  return row?.ready ?? false;
}
