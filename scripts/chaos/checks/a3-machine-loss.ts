import { type ChaosCheck, describeTimes } from '../chaos-check.ts';
import { recoverFrom } from '../recovery.ts';

const BAR_MS = 40_000;
/** Machines that go at once. */
const AT_ONCE = 5;

export const machineLoss: ChaosCheck = {
  name: 'A3',
  title: 'machines lost: all processes killed or frozen',
  tries: { short: 1, long: 10 },
  run: async ({ world, tries, long, slack, random }) =>
    await world.withArena(async (arena) => {
      const lease = long ? { heartbeatS: 5, leaseS: 30 } : {};
      const concurrency = long ? 40 : 4;
      await arena.startManager({ ...lease, workers: 1, env: { WORKER_CONCURRENCY: String(concurrency) } });
      let made = 0;
      const times: number[] = [];
      for (let lost = 0; lost < tries; ) {
        const count = Math.min(AT_ONCE, tries - lost);
        const machines = await Promise.all(
          Array.from({ length: count }, () => arena.startManager({ ...lease, workers: 1 })),
        );
        // More than the machine that stays can take, so that those that go have work; and over there long before a lease ends, so that
        // what comes back then does not wait for room.
        const sessions = concurrency + 5 * count;
        made += (await arena.enqueuePages(sessions, { pages: long ? 60 : 30, stepMs: 50 })).length;
        const recovered = await recoverFrom(arena, {
          choose: (working) => working.filter((manager) => machines.includes(manager)),
          strike: (victims) => {
            // For whoever looks on, a machine that is off and one that hangs are the same.
            for (const victim of victims) victim.signalMachine(random() < 0.5 ? 'SIGKILL' : 'SIGSTOP');
          },
          timeoutMs: BAR_MS * 3,
        });
        times.push(...recovered);
        for (const machine of machines) machine.signalMachine('SIGKILL');
        lost += count;
        await arena.untilAllEnded(120_000 * slack);
      }
      const failures = await arena.verify({ completed: made });
      if (Math.max(...times) > BAR_MS * slack) failures.push(`a session came back later than after ${BAR_MS} ms`);
      return { kind: 'done', tries, failures, worst: describeTimes('back after', times, BAR_MS) };
    }),
};
