import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseCgroupPaths, parseStatField, withAncestors } from './parse-cgroup.ts';

/**
 * Makes the function that tells how many processes the kernel has killed for want of memory since it was called last, or made. Always 0
 * where nobody counts. It reads at once, without waiting: by the time a process is gone, its kill has been counted.
 * @param root The root of the file system; another folder in tests.
 */
export function watchOomKills(root = '/'): () => number {
  let known = readOomKills(root);
  return () => {
    const before = known;
    known = readOomKills(root);
    return before === null || known === null ? 0 : Math.max(0, known - before);
  };
}

/**
 * Counted is what was killed in the control group that this process, and so its children, is in, whether for the group's own limit or
 * because the whole machine was out of memory. Version 2 counts what lies below the group as well, and the nearest group that counts
 * stands for one that does not. The last resort is the count of the whole machine.
 */
function readOomKills(root: string): number | null {
  const paths = parseCgroupPaths(readNow(path.join(root, 'proc/self/cgroup')));
  const mount = path.join(root, 'sys/fs/cgroup');
  const files = [
    ...withAncestors(paths.unified ?? '/').map((group) => path.join(mount, group, 'memory.events')),
    ...withAncestors(paths.memory ?? '/').map((group) => path.join(mount, 'memory', group, 'memory.oom_control')),
    path.join(root, 'proc/vmstat'),
  ];
  for (const file of files) {
    const count = parseStatField(readNow(file), 'oom_kill');
    if (count !== null) return count;
  }
  return null;
}

/** Empty for a file that is not there or may not be read. The kernel makes up its content, so no disk is waited for. */
function readNow(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
