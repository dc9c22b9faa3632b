import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { CheckRun } from '../chaos-check.ts';
import type { Poison } from '../chaos-scrapers.ts';
import { untilOver } from '../until-over.ts';

const LOSS_BAR = 0.2;
/** Good sessions for each that is poison: as many as one of each of five kinds among five hundred. */
const GOOD_PER_POISON = 100;
/** Until then all workers have enough to do; what comes last tells of waits, not of throughput. */
const COUNTED_SHARE = 0.9;
/** A loop takes a worker away for two minutes, three times: for long runs, which go on for about as long. */
const SHORT = { kinds: ['abort', 'segv'], managers: 2, workers: 2, stepMs: 400 } satisfies Load;
const LONG = {
  kinds: ['loop', 'abort', 'segv', 'rejection', 'oom'],
  managers: 2,
  workers: 3,
  stepMs: 2_000,
} satisfies Load;

interface Load {
  kinds: Poison[];
  managers: number;
  workers: number;
  stepMs: number;
}

interface Arm {
  perMinute: number;
  failures: string[];
}

/**
 * How fast good sessions are done beside poison, against how fast without; waits are as long as they are until that is known. With a
 * bar that cannot be missed, beside other tests, nothing is measured.
 */
export async function compareThroughput(
  { world, long, slack }: CheckRun,
  env: Record<string, string>,
): Promise<{ words: string; failures: string[] }> {
  const bar = LOSS_BAR * slack;
  if (bar >= 1) return { words: 'throughput not measured', failures: [] };
  const load = long ? LONG : SHORT;
  const runArm = (kinds: readonly Poison[]) => world.withArena((arena) => workOff(arena, load, kinds, { env, slack }));
  const without = await runArm([]);
  const beside = await runArm(load.kinds);
  const loss = 1 - beside.perMinute / without.perMinute;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const rates = `${Math.round(without.perMinute)} good sessions a minute, ${Math.round(beside.perMinute)} beside poison`;
  return {
    words: `${rates}: ${percent(loss)} less (bar ${percent(LOSS_BAR)})`,
    failures: [
      ...without.failures,
      ...beside.failures,
      ...(loss > bar ? [`throughput fell by more than ${percent(LOSS_BAR)}`] : []),
    ],
  };
}

async function workOff(
  arena: ChaosArena,
  { kinds: all, managers, workers, stepMs }: Load,
  kinds: readonly Poison[],
  { env, slack }: { env: Record<string, string>; slack: number },
): Promise<Arm> {
  await Promise.all(Array.from({ length: managers }, () => arena.startManager({ workers, env })));
  const half = { count: GOOD_PER_POISON / 2, pages: { pages: 3, stepMs, priority: 1 } };
  const startedAtMs = performance.now();
  for (const index of all.keys()) {
    const poison = kinds.slice(index, index + 1);
    await arena.enqueuePages(half.count, half.pages);
    if (poison.length > 0) await arena.enqueuePoison(poison);
    await arena.enqueuePages(half.count, half.pages);
  }
  const good = all.length * GOOD_PER_POISON;
  const counted = good * COUNTED_SHARE;
  const areDone = async () => {
    const rows = await arena.db.query(`select from scraping_sessions where status = 'completed'`);
    return rows.length >= counted;
  };
  await waitFor(areDone, { timeoutMs: 900_000 * slack, intervalMs: 100, what: 'good sessions to complete' });
  const minutes = (performance.now() - startedAtMs) / 60_000;
  await untilOver(arena, 900_000 * slack);
  return { perMinute: counted / minutes, failures: await arena.verify({ completed: good }) };
}
