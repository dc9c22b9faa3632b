import type { ChaosArena } from './chaos-arena.ts';

/** Sets from when on sessions may be claimed. @throws Error when one is claimed already. */
export async function putToSleep(arena: ChaosArena, ids: readonly number[], seconds: number): Promise<void> {
  const rows = await arena.db.query(
    `update scraping_sessions set wake_at = clock_timestamp() + make_interval(secs => $2), created_at = clock_timestamp()
     where id = any($1::bigint[]) and status = 'pending' returning id`,
    [ids, seconds],
  );
  if (rows.length !== ids.length)
    throw new Error(`${ids.length - rows.length} sessions were claimed before their time`);
}

/** Those of them that were claimed before their time, one sentence each. */
export async function findEarlyClaims(arena: ChaosArena, ids: readonly number[], seconds: number): Promise<string[]> {
  const rows = await arena.db.query<{ what: string }>(
    `select format('session %s was claimed %s s early', s.id, $2 - date_part('epoch', m.started_at - s.created_at)) as what
     from scraping_sessions s join scraper_metrics m on m.session_id = s.id and m.claim_number = 1
     where s.id = any($1::bigint[]) and m.started_at < s.created_at + make_interval(secs => $2 - 0.01)`,
    [ids, seconds],
  );
  return rows.slice(0, 5).map((row) => row.what);
}
