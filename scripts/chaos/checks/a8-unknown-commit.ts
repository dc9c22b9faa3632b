import { setTimeout as wait } from 'node:timers/promises';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { type ChaosCheck, pickOne } from '../chaos-check.ts';

/** Words of the statements whose answers are lost: a checkpoint's commit, a claim, a completion, a heartbeat. */
const STATEMENTS = ['commit\0', 'with picked as materialized', 'completed_at = clock_timestamp()', 'renewed as'];

/** A busy system sends each of them several times a second. */
const COME_BY_MS = 60_000;

export const unknownCommit: ChaosCheck = {
  name: 'A8',
  title: 'answers to commits that are lost on the way',
  tries: { short: 8, long: 200 },
  run: async ({ world, tries, slack, random }) =>
    await world.withArena(async (arena) => {
      const proxy = await TcpFaultProxy.start({ port: world.server.port });
      try {
        const databaseUrl = proxy.through(arena.databaseUrl);
        // LISTEN goes around: it is not what is tried here.
        const env = { DIRECT_DATABASE_URL: arena.databaseUrl };
        await arena.startManager({ databaseUrl, env, workers: 2, heartbeatS: 1, leaseS: 15 });
        let made = 0;
        const missed: string[] = [];
        for (let lost = 0; lost < tries; lost += 1) {
          const text = pickOne(STATEMENTS, random);
          let isOver = false;
          const swallowed = proxy.swallowReplyTo(text).then(() => true);
          const isLost = Promise.race([swallowed, wait(COME_BY_MS, false, { ref: false })]).finally(() => {
            isOver = true;
          });
          // Workers without work say nothing but that they live.
          while (!isOver) {
            if ((await arena.openCount()) < 8) made += (await arena.enqueuePages(16, { pages: 3, stepMs: 20 })).length;
            await Promise.race([isLost, wait(100)]);
          }
          if (!(await isLost)) missed.push(text);
        }
        const calmMs = await arena.untilAllEnded(60_000 * slack);
        const failures = await arena.verify({ completed: made });
        if (missed.length > 0) failures.push(`nothing was lost of ${missed.join(', ')}: no such statement came by`);
        return {
          kind: 'done',
          tries,
          failures,
          worst: `all ended ${Math.round(calmMs)} ms after the last loss (bar 60,000 ms)`,
        };
      } finally {
        await proxy.close();
      }
    }),
};
