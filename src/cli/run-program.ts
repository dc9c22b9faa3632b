import { CommanderError } from 'commander';
import { isOtherSchema } from '#lib/db/schema-version.ts';
import { SettingsError } from '#lib/env.ts';
import { AppError, InvalidInputError } from '#lib/errors.ts';
import { ApiError } from '#server/api-error.ts';
import { type CliPorts, refuseUnusableDatabase } from './cli-context.ts';
import { CommandError } from './command-error.ts';
import { exitCodeOf } from './exit-code-of.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { createWorkerCommand, type WorkerFlags } from './worker-flags.ts';

/** Runs one command line, tells what went wrong, and gives the exit code. */
export async function runProgram(args: readonly string[], ports: CliPorts): Promise<number> {
  try {
    if (args[0] === 'worker') return await runWorkerCommand(args.slice(1), ports);
    await createProgram(ports).parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    // commander has told it already; --help is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { code, message } = explain(error);
    ports.output().warn(message);
    return code;
  }
}

/** Checks flags and database here, so that wrong ones start nothing; the process of the manager reads the flags again. */
async function runWorkerCommand(args: readonly string[], ports: CliPorts): Promise<number> {
  let flags: Pick<WorkerFlags, 'json' | 'settings'> = { json: false, settings: {} };
  const command = createWorkerCommand(async (given) => {
    flags = given;
  });
  command.name('eko worker');
  await command.exitOverride().parseAsync(args, { from: 'user' });
  for (const [name, value] of Object.entries(flags.settings)) ports.setSetting(name, value);
  await refuseUnusableDatabase(ports);
  return await ports.runWorkers([...args, '--news'], flags.json);
}

/** What happened and what to do, with the code that stands for it. Errors that nobody expected keep their stack. */
function explain(error: unknown): { code: number; message: string } {
  if (error instanceof SettingsError) return { code: EXIT.usage, message: error.message };
  if (error instanceof CommandError) return { code: error.exitCode, message: error.message };
  if (isOtherSchema(error)) {
    const message = `The database has another schema than this program expects (${error.message}). Run "npx eko migrate", or upgrade this copy of the program if a newer one has done that.`;
    return { code: EXIT.failed, message };
  }
  if (error instanceof ApiError) return { code: exitCodeOf(error), message: error.message };
  if (error instanceof InvalidInputError) return { code: EXIT.usage, message: error.message };
  // What may happen to any scrape, such as a site that does not answer.
  if (error instanceof AppError) return { code: EXIT.failed, message: error.message };
  return { code: EXIT.failed, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
