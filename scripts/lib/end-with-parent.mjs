/** Loaded before a program that does not watch its parent (Next.js): ends it when the launcher is gone. */
if (process.channel) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), 3_000).unref();
  });
  // The channel alone shall not keep a finished program alive.
  process.channel.unref();
}
