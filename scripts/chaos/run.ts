import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openWorld } from './chaos-world.ts';
import { CHECKS } from './checks.ts';
import { runChecks } from './run-checks.ts';

/**
 * `node scripts/chaos/run.ts`: breaks a system of its own on purpose and says what of its promises held. docs/chaos.md tells what is
 * injected. Exit codes: 0 all held, 1 something did not, 2 wrong flags.
 */
const USAGE = `node scripts/chaos/run.ts [--checks A1,A4] [--seed N] [--long] [--minutes M] [--tries N] [--slack N] [--quiet]
  --checks   only these; known are ${CHECKS.map((check) => check.name).join(', ')}
  --seed     replays the choices of an earlier run
  --long     the full counts; where time is judged, with the product's own heartbeat and lease (docs/chaos.md)
  --minutes  how long the mixed soak (A6) goes on; 1 unless given, 20 with --long
  --slack    factor on the bars of time, for a machine that does other work too; 1 unless given
  --tries    instead of each check's own count`;

class FlagError extends Error {}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new FlagError(`--${name} "${text}" must be a whole number.`);
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      checks: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      tries: { type: 'string' },
      slack: { type: 'string' },
      long: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.checks?.split(',').map((name) => name.trim().toUpperCase()) ?? null;
  const unknown = names?.find((name) => !CHECKS.some((check) => check.name.toUpperCase() === name));
  if (unknown) throw new FlagError(`There is no check "${unknown}".`);
  return {
    ...values,
    checks: CHECKS.filter((check) => !names || names.includes(check.name.toUpperCase())),
    seed: wholeNumber('seed', values.seed) ?? randomInt(2 ** 31),
    minutes: wholeNumber('minutes', values.minutes) ?? (values.long ? 20 : 1),
    tries: wholeNumber('tries', values.tries),
    slack: wholeNumber('slack', values.slack) ?? 1,
  };
}

async function main(): Promise<number> {
  const flags = readFlags();
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  console.log(
    `seed ${flags.seed}; to replay: node scripts/chaos/run.ts --seed ${flags.seed}${flags.long ? ' --long' : ''}`,
  );
  const world = await openWorld();
  try {
    const passed = await runChecks(world, flags.checks, {
      ...flags,
      onLine: (line) => console.log(line),
      onNote: (text) => {
        if (!flags.quiet) console.error(`         ${text}`);
      },
    });
    return passed ? 0 : 1;
  } finally {
    await world.close();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  const wrongFlags = error instanceof FlagError || (error instanceof TypeError && 'code' in error);
  if (!wrongFlags) throw error;
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});
