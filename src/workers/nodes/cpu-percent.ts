import type { GroupCpu } from './cgroup-files.ts';

/** Counters of processor time at one moment. */
export interface CpuReading {
  /** Monotonic. */
  atMs: number;
  /** Groups with a limit that this process is in. */
  groups: ReadonlyMap<string, GroupCpu>;
  /** All processors of the machine together. */
  machine: { busyMs: number; totalMs: number };
}

/**
 * How much of the processor time that could be had between two readings was used, from 0 to 100: of the tightest limit, or of
 * the machine where nothing limits us. Null when no time has passed or a counter has started over.
 */
export function cpuPercent(before: CpuReading, after: CpuReading): number | null {
  const elapsedMs = after.atMs - before.atMs;
  if (elapsedMs <= 0) return null;
  const ofGroups = [...after.groups].flatMap(([folder, { usedMs, cores }]) => {
    const earlier = before.groups.get(folder);
    return earlier === undefined || usedMs < earlier.usedMs ? [] : [(usedMs - earlier.usedMs) / (elapsedMs * cores)];
  });
  const share = ofGroups.length > 0 ? Math.max(...ofGroups) : machineShare(before, after);
  return share === null ? null : Math.min(100, Math.round(share * 1_000) / 10);
}

function machineShare({ machine: before }: CpuReading, { machine: after }: CpuReading): number | null {
  const totalMs = after.totalMs - before.totalMs;
  const busyMs = after.busyMs - before.busyMs;
  return totalMs <= 0 || busyMs < 0 ? null : busyMs / totalMs;
}
