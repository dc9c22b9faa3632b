import { randomInt } from 'node:crypto';
import { isPortFree } from '#scripts/lib/ports.ts';

/** Linux gives out ports from 32768 on by itself. */
const FIRST = 10_000;
const END = 32_768;

/**
 * A free port of 127.0.0.1 for a program that has to be told its port: none that the system would give to somebody else before the
 * program listens, or while it is stopped to be started again.
 */
export async function choosePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isPortFree(port, '127.0.0.1')) return port;
  }
}
