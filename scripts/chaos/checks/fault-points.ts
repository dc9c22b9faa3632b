import type { ChaosCheck } from '../chaos-check.ts';

/** Every point that managers and workers pass, at once; workers kill themselves or lose answers, the manager's statements fail on their way back. */
const PLAN = [
  'after_claim=kill@0.05',
  'mid_checkpoint=throw@0.05',
  'before_commit=kill@0.02',
  'after_commit=throw@0.05',
  'mid_heartbeat=throw@0.1',
  'before_release=throw@0.3',
].join(',');

export const faultPoints: ChaosCheck = {
  name: 'POINTS',
  title: 'the fault points of managers and workers at once',
  tries: { short: 20, long: 500 },
  run: async ({ world, tries, slack, random }) =>
    await world.withArena(async (arena) => {
      const env = { EKO_INTERNAL_FAULTS: `${PLAN};seed=${Math.floor(random() * 1e9)}` };
      await Promise.all([1, 2].map(() => arena.startManager({ workers: 2, env })));
      const made = await arena.enqueuePages(tries, { pages: 4, stepMs: 20 });
      const tookMs = await arena.untilAllEnded((60_000 + tries * 1_000) * slack);
      const [lost] = await arena.db.query<{ count: number }>(
        `select count(*)::int as count from scraper_metrics where outcome = 'lost'`,
      );
      const failures = await arena.verify({ completed: made.length });
      const worst = `${lost?.count} attempts lost on the way, all ended after ${Math.round(tookMs / 1_000)} s`;
      return { kind: 'done', tries, failures, worst };
    }),
};
