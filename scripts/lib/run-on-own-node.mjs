/** Hands over to the Node that the project brings with it. Plain JavaScript for Node 20. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Ctrl-C reaches us from the terminal and once more through npm: signals this close together are one. */
const SAME_SIGNAL_MS = 400;

/**
 * Runs a script with node_modules/.bin/node and ends as it ends. The child is in a session of its own and gets signals only
 * from us, once each; when we are killed it notices the closed channel and stops by itself.
 * @param {string} root @param {string} script Path below root. @param {string[]} args
 */
export function runOnOwnNode(root, script, args) {
  const bin = path.join(root, 'node_modules', '.bin');
  const node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const child = spawn(node, [path.join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  let lastSignalAt = 0;
  const forward = (signal) => {
    if (Date.now() - lastSignalAt < SAME_SIGNAL_MS) return;
    lastSignalAt = Date.now();
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));
  if (process.env.npm_lifecycle_event) {
    stopWithNpm(() => {
      // Where a signal has ended npm, we have had it too: another one would mean "at once".
      if (lastSignalAt === 0) forward('SIGTERM');
    });
  }
  child.once('error', (error) => {
    process.stderr.write(`"${node}" cannot be started: ${error.message}. Remove node_modules and start again.\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

/**
 * npm that is killed with SIGKILL cannot tell us. It started us itself or through a shell: whichever of the two it started
 * gets another parent then.
 * @param {() => void} stop
 */
function stopWithNpm(stop) {
  const parent = process.ppid;
  const throughShell = process.platform === 'linux' && /^(sh|dash|bash|ash|busybox)$/.test(readProc(parent, 'comm'));
  const npm = throughShell ? parentOf(parent) : parent;
  const timer = setInterval(() => {
    if (process.ppid === parent && (!throughShell || parentOf(parent) === npm)) return;
    clearInterval(timer);
    stop();
  }, 1_000);
  timer.unref();
}

/** Field 4 of /proc/PID/stat, counted from the end of the name, which may hold spaces. @param {number} pid */
function parentOf(pid) {
  const stat = readProc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** @param {number} pid @param {string} file */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim();
  } catch {
    // The process is gone, which differs from what was there before: reason enough to stop.
    return '';
  }
}
