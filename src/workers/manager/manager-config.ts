import { backoffCeilingMs } from '#lib/backoff.ts';

/** How a manager looks after its workers. Times in ms. */
export interface ManagerConfig {
  numWorkers: number;
  /** Whether a worker that ended is replaced. */
  autoRestart: boolean;
  /** How often silent workers are looked for. */
  healthCheckInterval: number;
  /** A worker that has said nothing for this long is killed and replaced. */
  workerTimeout: number;
  heartbeatMs: number;
  leaseMs: number;
  /** Workers stop writing this long before their lease ends: a statement under way may still reach the database. */
  leaseMarginMs: number;
  /** How often due sessions are promoted and idle workers woken when no notification comes through. */
  tickMs: number;
  rescueMs: number;
  /** Time for running sessions to finish when the manager is told to stop. */
  drainGraceMs: number;
  /** The same when only some workers are to go, which nobody waits for. */
  leaveGraceMs: number;
}

const DEFAULTS = {
  numWorkers: 3,
  autoRestart: true,
  healthCheckInterval: 60_000,
  workerTimeout: 120_000,
  heartbeatMs: 5_000,
  leaseMs: 30_000,
  // With the claim after it still within 2 s.
  tickMs: 1_700,
  rescueMs: 5_000,
  drainGraceMs: 25_000,
  leaveGraceMs: 300_000,
} as const;

/** Fills in the defaults. The margin is a sixth of the lease: 5 s of 30. */
export function managerConfig(given: Partial<ManagerConfig> = {}): ManagerConfig {
  const config = { ...DEFAULTS, ...given };
  return { leaseMarginMs: Math.round(config.leaseMs / 6), ...config };
}

/** Delay before a worker is replaced: 1, 2, 4 … 80 s, of which up to a quarter is left out at random. */
export function restartDelayMs(failures: number, random = Math.random): number {
  return Math.round(backoffCeilingMs(failures, 1_000, 80_000) * (1 - random() / 4));
}
