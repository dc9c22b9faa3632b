import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CliPorts } from '#cli/cli-context.ts';
import { createCliOutput } from '#cli/cli-output.ts';
import { EXIT } from '#cli/exit-codes.ts';
import { runProgram } from '#cli/run-program.ts';
import { type Env, readEnv } from '#lib/env.ts';
import { findSecretKey } from './access.ts';
import { runWorkersProcess } from './run-workers-process.ts';
import { findRunningDatabase } from './running-database.ts';

/**
 * Composition root of the command line.
 * @param root The folder of the program.
 * @param folder Where it was called: files that are named on the command line are below it.
 * @returns the exit code.
 */
export async function runEko(root: string, args: readonly string[], folder: string): Promise<number> {
  const interrupted = new AbortController();
  if (existsSync('.env')) process.loadEnvFile('.env');
  const isWorker = args[0] === 'worker';
  // Workers get the signals themselves, and finish what they run when nobody hears of it any more.
  if (!isWorker) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
    endWithOutput();
  }
  const isPretty = process.stdout.isTTY && !args.includes('--json');
  const output = createCliOutput(isPretty, {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  });
  const ports: CliPorts = {
    readEnv: readEnvWithKey,
    findDatabase: async (env) => env.DATABASE_URL ?? (await findRunningDatabase(env.EKO_DATA_DIR)),
    output: () => output,
    setSetting: (name, value) => {
      process.env[name] = value;
    },
    resolvePath: (file) => path.resolve(folder, file),
    runWorkers: (workerArgs, json) => runWorkersProcess(root, workerArgs, process.stdout.isTTY && !json),
    signal: interrupted.signal,
  };
  const code = await runProgram(args, ports);
  // An error of the last line would come when we have ended already.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  return code;
}

/**
 * What is told goes nowhere any more: there is no use in going on. A reader that has seen enough, such as `head`, hears nothing of
 * it; a disk that is full is an error to be told.
 */
function endWithOutput(): void {
  const end = (error: Error) => {
    const isReaderGone = 'code' in error && error.code === 'EPIPE';
    if (!isReaderGone) process.stderr.write(`What was to be told cannot be written: ${error.message}\n`);
    process.exit(EXIT.failed);
  };
  process.stdout.on('error', end);
  process.stderr.on('error', () => process.exit(EXIT.failed));
}

/** With the key that a launcher on this machine keeps, for proxies with passwords. */
function readEnvWithKey(): Env {
  const env = readEnv();
  return { ...env, EKO_SECRET_KEY: env.EKO_SECRET_KEY ?? findSecretKey(env.EKO_DATA_DIR) ?? undefined };
}
