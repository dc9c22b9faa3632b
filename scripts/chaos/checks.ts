import type { ChaosCheck } from './chaos-check.ts';
import { cutNetwork } from './checks/a-netns.ts';
import { workerKills } from './checks/a1-worker-kills.ts';
import { managerKill } from './checks/a2-manager-kill.ts';
import { machineLoss } from './checks/a3-machine-loss.ts';
import { staleWrites } from './checks/a4-stale-writes.ts';
import { mixedSoak } from './checks/a6-mixed-soak.ts';
import { databaseCrash } from './checks/a7-database-crash.ts';
import { unknownCommit } from './checks/a8-unknown-commit.ts';
import { clockSkew } from './checks/a11-clock-skew.ts';
import { poisonSet } from './checks/a12-poison.ts';
import { gracefulStop } from './checks/a13-graceful-stop.ts';
import { fastDay } from './checks/f6-fast-day.ts';
import { failover } from './checks/f23-failover.ts';
import { diskFull } from './checks/f25-disk-full.ts';
import { faultPoints } from './checks/fault-points.ts';

/** In the order in which they run. */
export const CHECKS: readonly ChaosCheck[] = [
  workerKills,
  managerKill,
  machineLoss,
  staleWrites,
  databaseCrash,
  unknownCommit,
  clockSkew,
  fastDay,
  poisonSet,
  gracefulStop,
  faultPoints,
  failover,
  diskFull,
  cutNetwork,
  mixedSoak,
];
