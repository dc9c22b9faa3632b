import { setTimeout as wait } from 'node:timers/promises';
import { type ChaosCheck, describeTimes, quantile } from '../chaos-check.ts';
import { untilWorking } from '../recovery.ts';

const BAR_MS = 5_000;

export const databaseCrash: ChaosCheck = {
  name: 'A7',
  title: 'PostgreSQL crashes and restarts under load',
  tries: { short: 2, long: 50 },
  run: async ({ world, tries, long, slack, random }) =>
    await world.withArena(async (arena) => {
      const lease = { heartbeatS: 5, leaseS: 30 };
      const managers = await Promise.all([1, 2].map(() => arena.startManager({ ...lease, workers: long ? 3 : 1 })));
      const pids = managers.flatMap((manager) => [manager.pid, ...manager.workerPids]);
      let made = 0;
      const times: number[] = [];
      for (let index = 0; index < tries; index += 1) {
        if ((await arena.openCount()) < 10) made += (await arena.enqueuePages(12, { pages: 8, stepMs: 40 })).length;
        await wait(300 + random() * 700);
        await world.server.stop('immediate');
        const accepting = world.server.start().then(() => performance.now());
        // Acknowledged while the server comes and goes; repeated under its key until it is.
        made += (await arena.enqueuePages(2, { pages: 20, stepMs: 20 })).length;
        times.push(await untilWorking(arena, await accepting));
      }
      await arena.untilAllEnded(120_000 * slack);
      const now = managers.flatMap((manager) => [manager.pid, ...manager.workerPids]);
      const failures = await arena.verify({ completed: made });
      const ended = pids.filter((pid) => !now.includes(pid));
      if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because the database was away`);
      if (quantile(times, 0.95) > BAR_MS * slack) failures.push(`p95 of the recoveries is above ${BAR_MS} ms`);
      return { kind: 'done', tries, failures, worst: describeTimes('back', times, BAR_MS) };
    }),
};
