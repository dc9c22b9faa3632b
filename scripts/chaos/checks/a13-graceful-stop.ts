import { setTimeout as wait } from 'node:timers/promises';
import { type ChaosCheck, describeTimes } from '../chaos-check.ts';

/** A second signal ends a manager at once: its workers within 5 s, and its last words twice within 3 s. */
const AT_ONCE_MS = 11_000;
/** Managers that are stopped side by side. */
const AT_ONCE = 4;

export const gracefulStop: ChaosCheck = {
  name: 'A13',
  title: 'managers told to stop at any moment',
  tries: { short: 5, long: 200 },
  run: async ({ world, tries, slack, random }) =>
    await world.withArena(async (arena) => {
      // Claims are slow here, so that a signal often finds one that is claimed and not begun.
      const env = { EKO_INTERNAL_FAULTS: 'after_claim=hang:200@0.5' };
      const times: number[] = [];
      const failures: string[] = [];
      let made = 0;
      while (times.length < tries) {
        const count = Math.min(AT_ONCE, tries - times.length);
        const managers = await Promise.all(
          Array.from({ length: count }, () => arena.startManager({ workers: 1, env })),
        );
        made += (await arena.enqueuePages(6 * count, { pages: 10, stepMs: 40 })).length;
        const waiting = await arena.enqueueWaiting(count);
        await Promise.all(
          managers.map(async (manager) => {
            await wait(random() * 800);
            manager.signal('SIGTERM');
            await wait(random() * 1_200);
            // Nobody wants to wait for those that would run for an hour.
            const startedAtMs = performance.now();
            manager.signal(random() < 0.5 ? 'SIGTERM' : 'SIGINT');
            const code = await manager.exited;
            times.push(performance.now() - startedAtMs);
            if (code !== 0) failures.push(`a manager that was told to stop ended with ${code}`);
          }),
        );
        const [stuck] = await arena.db.query<{ count: number }>(
          `select count(*)::int as count from scraping_sessions where status = 'running'`,
        );
        if (stuck?.count !== 0) failures.push(`${stuck?.count} sessions are stuck after a stop`);
        await arena.db.query(
          `update scraping_sessions set status = 'cancelled', completed_at = clock_timestamp() where id = any($1::bigint[]) and status = 'pending'`,
          [waiting],
        );
      }
      await arena.startManager();
      await arena.untilAllEnded(120_000 * slack);
      failures.push(...(await arena.verify({ completed: made })));
      if (Math.max(...times) > AT_ONCE_MS * slack)
        failures.push('a manager took longer than it may after a second signal');
      return { kind: 'done', tries, failures, worst: describeTimes('exit', times, AT_ONCE_MS) };
    }),
};
