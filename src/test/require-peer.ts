import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Debian keeps servers in sbin, which an ordinary user's PATH lacks. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin'];

/**
 * Where a real program that tests run against is installed, or null, for `describe.skipIf`. Where TEST_REQUIRE_PEERS is 1,
 * as in CI, a missing one is a failure: a suite that skips everything would prove nothing.
 * @param debianPackage What it comes with, where that has another name.
 * @throws Error where it is missing and required.
 */
export function findPeer(name: string, debianPackage = name): string | null {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...SYSTEM_FOLDERS];
  const found = folders.map((folder) => path.join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  if (process.env.TEST_REQUIRE_PEERS === '1') {
    throw new Error(
      `"${name}" is not installed, and TEST_REQUIRE_PEERS=1 asks for it; on Debian: apt-get install ${debianPackage}`,
    );
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Missing or not ours to run: the same to us.
    return false;
  }
}
