import { spawnSync } from 'node:child_process';
import { programPath } from './binaries.ts';
import type { Cluster, Superuser } from './cluster.ts';

/** Sets the superuser's password without knowing the old one, in single-user mode: the server must not run. */
export function resetSuperuserPassword(cluster: Cluster, superuser: Superuser): void {
  const identity = cluster.osUser ? { uid: cluster.osUser.uid, gid: cluster.osUser.gid } : {};
  const result = spawnSync(
    programPath(cluster.binaries, 'postgres'),
    ['--single', '-D', cluster.dataFolder, 'postgres'],
    {
      ...identity,
      cwd: cluster.dataFolder,
      input: `alter role "${superuser.name}" password '${superuser.password}'\n`,
      encoding: 'utf8',
    },
  );
  if (result.status !== 0 || /ERROR:|FATAL:/.test(result.stderr)) {
    throw new Error(
      `The password of the database in "${cluster.dataFolder}" could not be set: ${result.stderr.trim()}`,
    );
  }
}
