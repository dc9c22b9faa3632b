import { createRandom } from '#lib/random.ts';
import type { ChaosCheck, CheckOutcome } from './chaos-check.ts';
import type { ChaosWorld } from './chaos-world.ts';

export interface RunOptions {
  seed: number;
  long: boolean;
  minutes: number;
  slack: number;
  /** Instead of a check's own counts. */
  tries?: number | undefined;
  /** One line per check, as soon as it is over. */
  onLine: (line: string) => void;
  onNote: (text: string) => void;
}

/** Runs checks one after the other; true when none has failed. A check that throws has failed. */
export async function runChecks(
  world: ChaosWorld,
  checks: readonly ChaosCheck[],
  options: RunOptions,
): Promise<boolean> {
  let passed = true;
  for (const check of checks) {
    const startedAtMs = performance.now();
    const outcome = await runOne(world, check, options);
    if (outcome.kind === 'done' && outcome.failures.length > 0) passed = false;
    options.onLine(describeOutcome(check, outcome, performance.now() - startedAtMs));
  }
  return passed;
}

async function runOne(world: ChaosWorld, check: ChaosCheck, options: RunOptions): Promise<CheckOutcome> {
  const { long, minutes, seed, slack, onNote } = options;
  const tries = options.tries ?? check.tries[long ? 'long' : 'short'];
  const random = createRandom(seed ^ hashName(check.name));
  try {
    return await check.run({ world, tries, long, minutes, slack, random, note: onNote });
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'done', tries, failures: [`the check itself broke: ${said}`], worst: 'none' };
  }
}

export function describeOutcome({ name, title }: ChaosCheck, outcome: CheckOutcome, tookMs: number): string {
  const head = `${name.padEnd(8)} ${title.padEnd(44)}`;
  if (outcome.kind === 'skipped') return `${head} skipped: ${outcome.reason}`;
  const { tries, failures, worst } = outcome;
  const took = `${Math.round(tookMs / 1_000)} s`;
  const line = `${head} tries ${tries}, failures ${failures.length}, ${worst}, took ${took}`;
  return [line, ...failures.map((failure) => `         ✗ ${failure}`)].join('\n');
}

/** FNV-1a. */
function hashName(name: string): number {
  let hash = 0x811c_9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193);
  return hash >>> 0;
}
