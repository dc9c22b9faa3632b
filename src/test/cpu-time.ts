/** What synchronous work takes of this thread's time on a processor, in ms: as much on a busy machine as on an idle one. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
