/**
 * Ends this process when the one that forked it is gone, however it went: its IPC channel closes even on SIGKILL. Started
 * without a channel (by hand, by a service manager) the process lives on its own.
 */
export function endWithLauncher(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.exit(0));
}
