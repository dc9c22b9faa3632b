import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck } from '../chaos-check.ts';

const SKEW_S = 600;
const SLEEP_S = 4;

export const clockSkew: ChaosCheck = {
  name: 'A11',
  title: 'machines whose clocks are ten minutes off',
  tries: { short: 12, long: 200 },
  run: async ({ world, tries, long, slack }) => {
    const library = findFaketime();
    if (!library) return { kind: 'skipped', reason: 'libfaketime is not installed (Debian: apt-get install faketime)' };
    return await world.withArena(async (arena) => {
      const skewed = (offset: string) => ({ LD_PRELOAD: library, FAKETIME: offset, FAKETIME_NO_CACHE: '1' });
      const sleepers = await arena.enqueuePages(tries, { pages: 2 });
      await putToSleep(arena, sleepers, 3_600);
      await arena.startManager({ workers: 1, env: skewed(`+${SKEW_S}s`) });
      await arena.startManager({ workers: 1, env: skewed(`-${SKEW_S}s`) });
      await arena.startManager({ workers: 1 });
      await putToSleep(arena, sleepers, SLEEP_S);
      const busy = await arena.enqueuePages(tries, { pages: long ? 60 : 15, stepMs: 40 });
      await arena.untilAllEnded(120_000 * slack, { wake: false });
      const failures = [
        ...(await findClockErrors(arena)),
        ...(await arena.verify({ completed: sleepers.length + busy.length })),
      ];
      return {
        kind: 'done',
        tries: tries * 2,
        failures,
        worst: 'early claims, leases lost and negative times: 0 allowed',
      };
    });
  },
};

/** Sets their start, and remembers from when on they sleep. */
async function putToSleep(arena: ChaosArena, ids: readonly number[], seconds: number): Promise<void> {
  const rows = await arena.db.query(
    `update scraping_sessions set wake_at = clock_timestamp() + make_interval(secs => $2), created_at = clock_timestamp()
     where id = any($1::bigint[]) and status = 'pending' returning id`,
    [ids, seconds],
  );
  if (rows.length !== ids.length)
    throw new Error(`${ids.length - rows.length} sessions were claimed before their time`);
}

/** Nothing is early, nothing is taken from a living machine, and no time runs backwards. */
async function findClockErrors(arena: ChaosArena): Promise<string[]> {
  const rows = await arena.db.query<{ what: string }>(
    `select format('session %s was claimed %s s early', s.id, $1 - date_part('epoch', m.started_at - s.created_at)) as what
     from scraping_sessions s join scraper_metrics m on m.session_id = s.id and m.claim_number = 1
     where (s.params->>'count')::int = 2 and m.started_at < s.created_at + make_interval(secs => $1 - 0.01)
     union all
     select format('claim %s of session %s ended as %s', claim_number, session_id, outcome) from scraper_metrics
     where outcome <> 'completed'
     union all
     select format('claim %s of session %s took %s ms', claim_number, session_id, duration_ms) from scraper_metrics
     where duration_ms < 0 or timestamp < started_at`,
    [SLEEP_S],
  );
  return rows.slice(0, 5).map((row) => row.what);
}

function findFaketime(): string | null {
  const folders = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').map((name) => path.join('/usr/lib', name, 'faketime'))
    : [];
  return folders.map((folder) => path.join(folder, 'libfaketime.so.1')).find((file) => existsSync(file)) ?? null;
}
