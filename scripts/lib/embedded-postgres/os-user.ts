import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';

/** The OS user that PostgreSQL runs as. */
export interface OsUser {
  name: string;
  uid: number;
  gid: number;
}

const SYSTEM_USER = 'eko-postgres';

/**
 * PostgreSQL refuses to run as root. As root this returns the user to run it as: an existing "postgres", else a system
 * user of ours, else "nobody". As an ordinary user, or on Windows, it returns null: PostgreSQL simply runs as ourselves.
 */
export function choosePostgresUser(): OsUser | null {
  if (process.getuid?.() !== 0) return null;
  const existing = findUser('postgres') ?? findUser(SYSTEM_USER);
  if (existing) return existing;
  createSystemUser();
  const user = findUser(SYSTEM_USER) ?? findUser('nobody');
  if (user) return user;
  throw new Error(
    'PostgreSQL cannot run as root, and this machine has no user "postgres" or "nobody" and cannot create one. Create a user "postgres", run this as an ordinary user, or set DATABASE_URL.',
  );
}

/** Looks only at /etc/passwd: every user that we can use or create stands there. */
function findUser(name: string): OsUser | null {
  return parsePasswd(readFileSync('/etc/passwd', 'utf8'), name);
}

/** Finds one user in the text of /etc/passwd (passwd(5)). */
export function parsePasswd(passwd: string, name: string): OsUser | null {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name && uid && gid && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/** Debian and Red Hat have useradd, Alpine and BusyBox have adduser. A failure shows as the user's absence. */
function createSystemUser(): void {
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', '--user-group', SYSTEM_USER]],
    ['adduser', ['-S', '-D', '-H', SYSTEM_USER]],
  ];
  for (const [command, args] of attempts) {
    if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return;
  }
}

/** Whether the user passes all parent folders of `path` and has it as asked. Null is ourselves. */
export function canReach(path: string, user: OsUser | null, mode: 'r' | 'w' | 'x'): boolean {
  if (user) {
    const options = { uid: user.uid, gid: user.gid, cwd: '/', stdio: 'ignore' } as const;
    return spawnSync('/bin/sh', ['-c', `test -${mode} "$0"`, path], options).status === 0;
  }
  try {
    accessSync(path, { r: constants.R_OK, w: constants.W_OK, x: constants.X_OK }[mode]);
    return true;
  } catch {
    // What accessSync throws is its way of saying no.
    return false;
  }
}
