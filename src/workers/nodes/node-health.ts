import type { NodeStatus } from '#lib/db/schema/vocabulary.ts';
import type { MachineSample } from './machine-sampler.ts';

/**
 * Whether a machine can take work. Pure: a sample and what was known before give what is known now.
 *
 * | sign    | degraded from              | unhealthy from | for    | over when below |
 * | ------- | -------------------------- | -------------- | ------ | --------------- |
 * | memory  | 90 %                       | 97 %           | 10 s   | 5 points less   |
 * | disk    | 90 %                       | 97 %           | 10 s   | 2 points less   |
 * | CPU     | 95 %                       |                | 60 s   | 10 points less  |
 * | crashes | 5 workers within 5 minutes |                | 0 s    | 3               |
 *
 * A busy processor makes work slow, not wrong, and crashes are charged to their sessions, so neither stops a machine: they halve
 * what it takes. A disk counts only while less than 10 GB of it are free. A full disk and memory that the kernel is about to take back by force do stop it.
 */
export interface NodeHealth {
  status: Exclude<NodeStatus, 'gone'>;
  /** One sentence per sign that is not well. */
  reasons: string[];
  signs: Record<Sign, SignState>;
  /** When workers crashed, as far back as counts; monotonic. */
  crashedAtMs: number[];
  crashesSeen: number;
}

type Sign = 'memory' | 'disk' | 'cpu' | 'crashes';

/** 0: well, 1: degraded, 2: unhealthy. */
type Level = 0 | 1 | 2;

interface SignState {
  level: Level;
  /** The level it is on the way to, and since when without a break. */
  towards: { level: Level; sinceMs: number } | null;
}

interface Thresholds {
  degradedFrom: number;
  unhealthyFrom: number;
  /** How far it must fall below a threshold to be over: else one value at the edge would flap. */
  easeBy: number;
  /** How long a change must last to count. */
  holdMs: number;
  /** What is said of it, before the thresholds. */
  describe: (value: number) => string;
}

const CRASH_WINDOW_MS = 300_000;
const DISK_AMPLE_MB = 10_240;

const SIGNS: Record<Sign, Thresholds> = {
  memory: {
    degradedFrom: 90,
    unhealthyFrom: 97,
    easeBy: 5,
    holdMs: 10_000,
    describe: (value) => `Memory is ${Math.round(value)} % used`,
  },
  disk: {
    degradedFrom: 90,
    unhealthyFrom: 97,
    easeBy: 2,
    holdMs: 10_000,
    describe: (value) => `The disk of the data folder is ${Math.round(value)} % full`,
  },
  cpu: {
    degradedFrom: 95,
    unhealthyFrom: Number.POSITIVE_INFINITY,
    easeBy: 10,
    holdMs: 60_000,
    describe: (value) => `The processor is ${Math.round(value)} % busy`,
  },
  crashes: {
    degradedFrom: 5,
    unhealthyFrom: Number.POSITIVE_INFINITY,
    easeBy: 2,
    holdMs: 0,
    describe: (value) => `${value} workers crashed within 5 minutes`,
  },
};

const STATUS_OF_LEVEL = ['healthy', 'degraded', 'unhealthy'] as const;
const CALM: SignState = { level: 0, towards: null };

/** What a machine is taken for before its first sample. */
export const NO_SIGNS_YET: NodeHealth = {
  status: 'healthy',
  reasons: [],
  signs: { memory: CALM, disk: CALM, cpu: CALM, crashes: CALM },
  crashedAtMs: [],
  crashesSeen: 0,
};

/**
 * @param sample `crashes` counts the workers that crashed since the manager started.
 * @returns the new state; give it back with the next sample.
 */
export function nodeHealth(sample: MachineSample & { crashes: number }, before: NodeHealth = NO_SIGNS_YET): NodeHealth {
  const { atMs, crashes } = sample;
  const crashedAtMs = [
    ...before.crashedAtMs.filter((crashedAt) => atMs - crashedAt < CRASH_WINDOW_MS),
    ...Array.from({ length: Math.max(0, crashes - before.crashesSeen) }, () => atMs),
  ];
  const values = valuesOf(sample, crashedAtMs.length);
  const signs = mapSigns((sign) => nextSign(SIGNS[sign], values[sign], atMs, before.signs[sign]));
  const level = Math.max(...Object.values(signs).map((sign) => sign.level));
  return {
    status: STATUS_OF_LEVEL[level] ?? 'healthy',
    reasons: SIGN_NAMES.flatMap((sign) => reasonOf(SIGNS[sign], signs[sign].level, values[sign])),
    signs,
    crashedAtMs,
    crashesSeen: crashes,
  };
}

/** A share of its slots that a machine in this state takes work for. */
export const INTAKE_SHARE: Record<NodeHealth['status'], number> = { healthy: 1, degraded: 0.5, unhealthy: 0 };

const SIGN_NAMES = ['memory', 'disk', 'cpu', 'crashes'] as const satisfies Sign[];

const mapSigns = <T>(map: (sign: Sign) => T): Record<Sign, T> => ({
  memory: map('memory'),
  disk: map('disk'),
  cpu: map('cpu'),
  crashes: map('crashes'),
});

/** What cannot be measured counts as well: a machine does not stop because of a figure that nobody knows. */
function valuesOf(sample: MachineSample, recentCrashes: number): Record<Sign, number> {
  const isAmple = sample.diskFreeMb !== null && sample.diskFreeMb >= DISK_AMPLE_MB;
  return {
    memory: sample.memoryPercent ?? 0,
    disk: isAmple ? 0 : (sample.diskPercent ?? 0),
    cpu: sample.cpuPercent ?? 0,
    crashes: recentCrashes,
  };
}

function nextSign(thresholds: Thresholds, value: number, atMs: number, before: SignState): SignState {
  const target = levelOf(thresholds, value, before.level);
  if (target === before.level) return { level: before.level, towards: null };
  const rises = target > before.level;
  const goesOn = before.towards !== null && before.towards.level > before.level === rises;
  const sinceMs = goesOn && before.towards ? before.towards.sinceMs : atMs;
  // Of all that was seen meanwhile, the value nearest to the old level is sure.
  const earlier = goesOn && before.towards ? before.towards.level : target;
  const level = (rises ? Math.min(earlier, target) : Math.max(earlier, target)) as Level;
  if (atMs - sinceMs < thresholds.holdMs) return { level: before.level, towards: { level, sinceMs } };
  return { level, towards: null };
}

function levelOf({ degradedFrom, unhealthyFrom, easeBy }: Thresholds, value: number, level: Level): Level {
  if (value >= unhealthyFrom - (level === 2 ? easeBy : 0)) return 2;
  return value >= degradedFrom - (level >= 1 ? easeBy : 0) ? 1 : 0;
}

function reasonOf(
  { describe, degradedFrom, unhealthyFrom, easeBy }: Thresholds,
  level: Level,
  value: number,
): string[] {
  if (level === 0) return [];
  const from = level === 2 ? unhealthyFrom : degradedFrom;
  return [`${describe(value)}: too much from ${from}, fine again below ${from - easeBy}`];
}
