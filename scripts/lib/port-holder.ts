import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Who listens on a TCP port, as '"node" (process 123)'; null where the system does not tell us (Linux only). */
export function findPortHolder(port: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const inodes = new Set(
      ['tcp', 'tcp6'].flatMap((file) => listeningInodes(readFileSync(`/proc/net/${file}`, 'utf8'), port)),
    );
    const pid = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && holdsSocket(entry, inodes));
    return pid ? `"${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}" (process ${pid})` : null;
  } catch {
    // The name is a help, not a need.
    return null;
  }
}

/** Inodes of listening sockets (state 0A) on a port, from the text of /proc/net/tcp (proc_net_tcp). Pure. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === '0A')
    .map((columns) => columns[9] ?? '');
}

function holdsSocket(pid: string, inodes: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.startsWith('socket:[') && inodes.has(target.slice(8, -1));
    });
  } catch {
    // Another user's process, or one that ended meanwhile.
    return false;
  }
}
