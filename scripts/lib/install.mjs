// Runs before anything is installed: plain JavaScript for Node 20 and later, without dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');
const STAMP = path.join(ROOT, 'node_modules', '.eko-installed');
const LOCK = path.join(ROOT, '.install-lock');
/** An install that takes longer than this has died with its lock in place. */
const LOCK_STALE_MS = 15 * 60_000;

/**
 * Brings node_modules in line with package-lock.json: nothing happens when they already are. Two starts at once do not
 * collide; the second waits for the first.
 * @returns {Promise<void>}
 * @throws {Error} with what happened and how to mend it.
 */
export async function ensureInstalled() {
  requireNode();
  if (isInstalled()) return;
  await holdLock();
  try {
    if (!isInstalled()) install();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 20) return;
  throw new Error(
    `Node ${process.versions.node} is too old. Install Node 20 or later (https://nodejs.org) and run this again.`,
  );
}

function wantedStamp() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(path.join(ROOT, file)));
  return `${hash.digest('hex')} ${process.platform}-${process.arch}`;
}

function isInstalled() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wantedStamp();
}

function install() {
  process.stderr.write('Installing the dependencies (once, about a minute) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  const done = spawnSync(npm, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error)
    throw new Error(`npm could not be started (${done.error.message}). Install npm, then run this again.`);
  if (done.status !== 0) {
    throw new Error(
      `The install failed (npm ci ended with ${done.status ?? done.signal}); its own words are above.\n` +
        'Usual reasons: no network or a proxy in between (npm config get registry), a full disk, or a folder that you may not write.\n' +
        'Mend that and run the same command again; nothing else is left to clean up.',
    );
  }
  writeFileSync(STAMP, wantedStamp());
}

async function holdLock() {
  for (let told = false; ; told = true) {
    try {
      mkdirSync(LOCK);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        throw new Error(
          `Cannot write in "${ROOT}" (${error.code}). Give this user the right to write there, or clone elsewhere.`,
        );
      }
    }
    if (Date.now() - ageOfLock() > LOCK_STALE_MS) rmSync(LOCK, { recursive: true, force: true });
    if (!told) process.stderr.write('Another install is under way in this folder; waiting for it …\n');
    await wait(500);
  }
}

function ageOfLock() {
  try {
    return statSync(LOCK).mtimeMs;
  } catch {
    return Date.now();
  }
}
