// Runs before anything is installed: plain JavaScript for Node 20 and later, without dependencies.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureInstalled, ROOT } from './install.mjs';

/**
 * Installs what is missing, then goes on as `script` under the Node of the dependencies, with `args`. This process stays
 * only to hand on signals and the exit code. The child has an IPC channel to it, so it learns when this one is killed.
 * @param {string} script - relative to the repository.
 * @param {string[]} args
 */
export async function runInstalled(script, args = process.argv.slice(2)) {
  try {
    await ensureInstalled();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const bin = path.join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` };
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(path.join(bin, 'node'), [path.join(ROOT, script), ...args], { cwd: ROOT, env, stdio });
  child.on('error', (error) => {
    process.stderr.write(`Cannot start Node (${error.message}). Delete the folder "node_modules" and run this again.\n`);
    process.exit(1);
  });
  handOnSignals(child);
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/** Ctrl-C reaches the whole group of a terminal, so there the child has the signal already. */
function handOnSignals(child) {
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
}
