import { setTimeout as wait } from 'node:timers/promises';
import { waitFor } from '#test/wait-for.ts';
import { type ChaosCheck, describeTimes, quantile } from '../chaos-check.ts';
import { untilAllGoOn } from '../recovery.ts';
import { processesOf } from '../unharmed.ts';

const BAR_MS = 5_000;
/** Sessions that a worker of the arena runs at once. */
const CONCURRENCY = 4;

export const databaseCrash: ChaosCheck = {
  name: 'A7',
  title: 'PostgreSQL crashes and restarts under load',
  tries: { short: 2, long: 50 },
  run: async ({ world, tries, long, slack, random }) =>
    await world.withArena(async (arena) => {
      const lease = { heartbeatS: 5, leaseS: 30 };
      const workers = long ? 3 : 1;
      const managers = await Promise.all([1, 2].map(() => arena.startManager({ ...lease, workers })));
      const pids = processesOf(managers);
      const slots = 2 * workers * CONCURRENCY;
      let made = 0;
      const times: number[] = [];
      for (let index = 0; index < tries; index += 1) {
        // A worker that starts late may find that the others have done it all.
        const areBusy = async () => {
          if ((await arena.openCount()) < slots)
            made += (await arena.enqueuePages(slots, { pages: 40, stepMs: 40 })).length;
          return (await arena.runningWorkers()).length === 2 * workers;
        };
        await waitFor(areBusy, { timeoutMs: 60_000 * slack, what: 'all workers to be busy' });
        await wait(random() * 700);
        await world.server.stop('immediate');
        const accepting = world.server.start().then(() => performance.now());
        // Acknowledged while the server comes and goes; repeated under its key until it is.
        const during = arena.enqueuePages(2, { pages: 20, stepMs: 20 });
        times.push(await untilAllGoOn(arena.db, await accepting));
        made += (await during).length;
      }
      await arena.untilAllEnded(120_000 * slack);
      const now = processesOf(managers);
      const failures = await arena.verify({ completed: made });
      const ended = pids.filter((pid) => !now.includes(pid));
      if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because the database was away`);
      if (quantile(times, 0.95) > BAR_MS * slack) failures.push(`p95 of the recoveries is above ${BAR_MS} ms`);
      return { kind: 'done', tries, failures, worst: describeTimes('all back', times, BAR_MS) };
    }),
};
