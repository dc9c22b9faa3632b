import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COPY_ROOTS, openRoot } from './binaries.ts';
import { canReach, type OsUser } from './os-user.ts';

/** Where the server's data lies, and who runs it. */
export interface DataPlace {
  dataFolder: string;
  osUser: OsUser | null;
}

/**
 * Decides where the server's data lies. Normally in `<home>/data`. As root PostgreSQL runs as another user, and where a
 * closed folder (/root, a private temporary folder) lies above, that user cannot get there: then the data is in a folder
 * under /var/lib (or the next place that works) and `<home>.location` says where.
 * @param home The folder "postgres" of our data folder; exists. The note lies beside it, where only we can write.
 */
export function findDataPlace(home: string, osUser: OsUser | null, roots: readonly string[] = COPY_ROOTS): DataPlace {
  const moved = readMoved(home);
  if (moved) return withOwner(moved, osUser);
  const dataFolder = path.join(home, 'data');
  if (existsSync(path.join(dataFolder, 'PG_VERSION'))) return withOwner(dataFolder, osUser);
  if (prepare(home, osUser)) return { dataFolder, osUser };
  return { dataFolder: moveAway(home, osUser, roots), osUser };
}

/** The server creates "data" itself, so its user needs the folder above, and nobody else does. */
function prepare(home: string, osUser: OsUser | null): boolean {
  if (osUser) {
    chownSync(home, osUser.uid, osUser.gid);
    chmodSync(home, 0o700);
  }
  return canReach(home, osUser, 'w');
}

function moveAway(home: string, osUser: OsUser | null, roots: readonly string[]): string {
  const clone = path.basename(path.dirname(path.dirname(home))).replace(/[^\w.-]+/g, '-');
  for (const root of roots) {
    if (!openRoot(root)) continue;
    const folder = path.join(root, `${clone}-${randomBytes(4).toString('hex')}`);
    mkdirSync(path.join(folder, 'server'), { recursive: true, mode: 0o755 });
    if (prepare(path.join(folder, 'server'), osUser)) {
      writeFileSync(path.join(folder, 'belongs-to'), `${home}\n`);
      writeFileSync(noteOf(home), `${folder}\n`);
      return path.join(folder, 'server', 'data');
    }
    rmSync(folder, { recursive: true });
  }
  throw new Error(
    `PostgreSQL runs as "${osUser?.name}", who can neither write to "${home}" nor under ${roots.map((root) => `"${root}"`).join(' or ')}. Move this folder to a place that other users may enter, set EKO_DATA_DIR to one, or set DATABASE_URL.`,
  );
}

function noteOf(home: string): string {
  return `${home}.location`;
}

/** A copied clone has the note of its original too, and must not touch that one's data; a moved clone keeps its own. */
function readMoved(home: string): string | null {
  const note = noteOf(home);
  if (!existsSync(note)) return null;
  const folder = readFileSync(note, 'utf8').trim();
  const ownerNote = path.join(folder, 'belongs-to');
  if (!existsSync(ownerNote)) {
    throw new Error(
      `The database of this folder lies in "${folder}", as "${note}" says, but is not there. Bring it back, or remove "${note}" to begin with an empty database.`,
    );
  }
  const owner = readFileSync(ownerNote, 'utf8').trim();
  if (owner !== home && existsSync(noteOf(owner))) {
    rmSync(note);
    return null;
  }
  if (owner !== home) writeFileSync(ownerNote, `${home}\n`);
  return path.join(folder, 'server', 'data');
}

/** Root can run the server as whoever owns the data; an ordinary user can only run it on data of their own. */
function withOwner(dataFolder: string, osUser: OsUser | null): DataPlace {
  const owner = statOwner(dataFolder);
  const self = process.getuid?.();
  if (!owner || self === undefined) return { dataFolder, osUser };
  if (self === 0) {
    if (owner.uid === osUser?.uid) return { dataFolder, osUser };
    if (owner.uid !== 0) return { dataFolder, osUser: { name: `uid ${owner.uid}`, ...owner } };
    throw new Error(
      `The data folder "${dataFolder}" belongs to root, as whom PostgreSQL cannot run. Give it back: chown -R ${osUser?.name} "${dataFolder}".`,
    );
  }
  if (owner.uid === self) return { dataFolder, osUser: null };
  throw new Error(
    `The data folder "${dataFolder}" belongs to the user with uid ${owner.uid}, but PostgreSQL would run as you (uid ${self}). Start as before (with sudo if that is how it was first started), or give it to yourself: sudo chown -R ${self} "${path.dirname(dataFolder)}".`,
  );
}

function statOwner(folder: string): { uid: number; gid: number } | null {
  try {
    const { uid, gid } = statSync(folder);
    return { uid, gid };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new Error(
      `The data folder "${folder}" cannot be read by this user. It was probably first started as root: start it with sudo again, or set EKO_DATA_DIR to another folder.`,
      { cause },
    );
  }
}
