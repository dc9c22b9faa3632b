import { waitFor } from '#test/wait-for.ts';
import { type ChaosCheck, describeTimes, pickOne, quantile } from '../chaos-check.ts';
import type { ChaosManager } from '../chaos-manager.ts';
import { recoverFrom } from '../recovery.ts';

const ORPHAN_BAR_MS = 10_000;
const RECOVERY_BAR_MS = 40_000;
const SURVIVORS = 1;

export const managerKill: ChaosCheck = {
  name: 'A2',
  title: 'managers killed, workers left behind',
  tries: { short: 2, long: 30 },
  run: async ({ world, tries, long, slack, random }) =>
    await world.withArena(async (arena) => {
      const lease = { workers: 1, ...(long ? { heartbeatS: 5, leaseS: 30 } : {}) };
      for (let index = 0; index <= SURVIVORS; index += 1) await arena.startManager(lease);
      let made = 0;
      const orphanTimes: number[] = [];
      const recoveries: number[] = [];
      for (let round = 0; round < tries; round += 1) {
        // Twice what one manager can take, so that the one that is struck has work, whichever it is.
        made += (await arena.enqueuePages(8, { pages: 60, stepMs: 50 })).length;
        const recovery = await recoverFrom(arena, {
          choose: (working) => [pickOne(working, random)],
          strike: ([victim]) => victim?.signal('SIGKILL'),
          timeoutMs: RECOVERY_BAR_MS * 3,
          meanwhile: async ([victim]) => void orphanTimes.push(await untilGone(victim)),
        });
        recoveries.push(...recovery);
        await arena.untilAllEnded(120_000 * slack);
        if (round + 1 < tries) await arena.startManager(lease);
      }
      const failures = await arena.verify({ completed: made });
      if (Math.max(...orphanTimes) > ORPHAN_BAR_MS * slack)
        failures.push(`workers outlived their manager by ${ORPHAN_BAR_MS} ms`);
      if (quantile(recoveries, 0.95) > RECOVERY_BAR_MS * slack)
        failures.push(`p95 of the recoveries is above ${RECOVERY_BAR_MS} ms`);
      const worst = `${describeTimes('recovery', recoveries, RECOVERY_BAR_MS)}; ${describeTimes('orphans', orphanTimes, ORPHAN_BAR_MS)}`;
      return { kind: 'done', tries, failures, worst };
    }),
};

async function untilGone(manager: ChaosManager | undefined): Promise<number> {
  const startedAtMs = performance.now();
  await waitFor(() => manager?.workerPids.length === 0, { timeoutMs: 60_000, what: 'the workers to end themselves' });
  return performance.now() - startedAtMs;
}
