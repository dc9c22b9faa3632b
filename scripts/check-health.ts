import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judgeHealth } from '#workers/manager/health-file.ts';
import { monotonicNowMs } from '#workers/messages.ts';

/**
 * Asks whether the manager works that writes EKO_HEALTH_FILE, for health checks of containers. With --ready a manager without a
 * worker that is up is not healthy either. Exit codes: 0 healthy, 1 not, with the reason on stderr.
 */
function main(): number {
  const { values } = parseArgs({ options: { ready: { type: 'boolean', default: false } } });
  const file = process.env.EKO_HEALTH_FILE;
  if (!file) {
    console.error('EKO_HEALTH_FILE is not set');
    return 1;
  }
  const verdict = judgeHealth(readIfThere(file), monotonicNowMs(), values.ready);
  if (verdict.healthy) return 0;
  console.error(verdict.reason);
  return 1;
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not there yet, or not ours to read: there is nothing to go by.
    return null;
  }
}

process.exitCode = main();
