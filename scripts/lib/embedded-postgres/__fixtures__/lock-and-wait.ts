import { AlreadyRunningError, lockDataFolder } from '../../instance-lock.ts';

/** Tries to take the lock of a data folder when it is told to, says whether it got it, and keeps it until it is stopped. */
// Not once(): without a listener the channel holds nobody, and a process that ends has given its lock back.
process.on('message', () => {
  try {
    lockDataFolder(process.argv[2] ?? '');
    process.send?.('held');
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    process.send?.('refused');
  }
});
process.send?.('ready');
