import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck } from '../chaos-check.ts';
import { findClockObstacle, findFaketime } from '../faketime.ts';
import { findEarlyClaims, putToSleep } from '../sleepers.ts';

const SKEW_S = 600;
const SLEEP_S = 4;

export const clockSkew: ChaosCheck = {
  name: 'A11',
  title: 'machines whose clocks are ten minutes off',
  tries: { short: 12, long: 200 },
  run: async ({ world, tries, long, slack }) => {
    const reason = findClockObstacle();
    if (reason) return { kind: 'skipped', reason };
    return await world.withArena(async (arena) => {
      const skewed = (offset: string) => ({
        LD_PRELOAD: findFaketime() ?? '',
        FAKETIME: offset,
        FAKETIME_NO_CACHE: '1',
      });
      const sleepers = await arena.enqueuePages(tries, { pages: 2 });
      await putToSleep(arena, sleepers, 3_600);
      await arena.startManager({ workers: 1, env: skewed(`+${SKEW_S}s`) });
      await arena.startManager({ workers: 1, env: skewed(`-${SKEW_S}s`) });
      await arena.startManager({ workers: 1 });
      await putToSleep(arena, sleepers, SLEEP_S);
      const busy = await arena.enqueuePages(tries, { pages: long ? 60 : 15, stepMs: 40 });
      await arena.untilAllEnded(120_000 * slack);
      const failures = [
        ...(await findEarlyClaims(arena, sleepers, SLEEP_S)),
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

/** Nothing is taken from a living machine, and no time runs backwards. */
async function findClockErrors(arena: ChaosArena): Promise<string[]> {
  const rows = await arena.db.query<{ what: string }>(
    `select format('claim %s of session %s ended as %s', claim_number, session_id, outcome) from scraper_metrics
     where outcome <> 'completed'
     union all
     select format('claim %s of session %s took %s ms', claim_number, session_id, duration_ms) from scraper_metrics
     where duration_ms < 0 or timestamp < started_at`,
  );
  return rows.slice(0, 5).map((row) => row.what);
}
