import { InvalidInputError } from '../errors.ts';
import { type CronPattern, parseCron } from './cron-pattern.ts';
import { type ZoneClock, zoneClock } from './zone-clock.ts';

/** When something happens again and again. */
export type ScheduleRule =
  | { kind: 'cron'; pattern: CronPattern; clock: ZoneClock }
  /** At the full multiples of so many minutes since 1970-01-01T00:00Z: every 10 minutes is at :00, :10, :20 … */
  | { kind: 'interval'; everyMinutes: number };

/** The rule as it is kept: `cron` with its zone, or `everyMinutes`. */
export interface StoredRule {
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
}

export const EVERY_MINUTES_MAX = 7 * 24 * 60;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @throws InvalidInputError that names what is wrong, its value and what would work. */
export function parseRule(stored: StoredRule): ScheduleRule {
  if (stored.cron !== null && stored.everyMinutes === null) {
    return { kind: 'cron', pattern: parseCron(stored.cron), clock: zoneClock(stored.timeZone) };
  }
  const { everyMinutes } = stored;
  const whole = everyMinutes !== null && Number.isInteger(everyMinutes);
  if (stored.cron === null && whole && everyMinutes >= 1 && everyMinutes <= EVERY_MINUTES_MAX) {
    return { kind: 'interval', everyMinutes };
  }
  throw new InvalidInputError(
    `A schedule needs either a cron text or a whole number of minutes from 1 to ${EVERY_MINUTES_MAX}; it has cron ${JSON.stringify(stored.cron)} and everyMinutes ${everyMinutes}.`,
  );
}

/** Why a rule cannot be read here; null when it can. Another machine may know more time zones, or a newer kind of rule. */
export function findRuleProblem(stored: StoredRule): string | null {
  try {
    parseRule(stored);
    return null;
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message;
    throw error;
  }
}

/**
 * The first occurrence after a moment; null when none follows ("30 February").
 *
 * When clocks change, a pattern that names hours runs once for each time that it names: a time that is left out at the first
 * moment after the change, a time that comes twice at the first of the two. Times that fall together run once. A pattern
 * that leaves the hour open is a rhythm and goes on through the change: nothing is left out, and an hour that comes twice is
 * served twice.
 */
export function nextOccurrence(rule: ScheduleRule, after: Date): Date | null {
  const afterMs = after.getTime();
  if (rule.kind === 'interval') {
    const stepMs = rule.everyMinutes * MINUTE_MS;
    return new Date((Math.floor(afterMs / stepMs) + 1) * stepMs);
  }
  const nextMs = rule.pattern.everyHour ? nextOfRhythm(rule, afterMs) : nextOfTimes(rule, afterMs);
  return nextMs === null ? null : new Date(nextMs);
}

/** The next occurrences after a moment, at most `count`. */
export function nextOccurrences(rule: ScheduleRule, after: Date, count: number): Date[] {
  const found: Date[] = [];
  let last = after;
  while (found.length < count) {
    const next = nextOccurrence(rule, last);
    if (next === null) break;
    found.push(next);
    last = next;
  }
  return found;
}

/**
 * The last `max` occurrences with after < occurrence ≤ until, oldest first, and whether there are earlier ones as well.
 * The cost depends on `max`, not on how long ago `after` is.
 */
export function lastOccurrences(
  rule: ScheduleRule,
  after: Date,
  until: Date,
  max: number,
): { occurrences: Date[]; more: boolean } {
  let spanMs = MINUTE_MS * (rule.kind === 'interval' ? rule.everyMinutes : 1);
  for (;;) {
    const from = new Date(Math.max(after.getTime(), until.getTime() - spanMs));
    const found = occurrencesWithin(rule, from, until);
    if (found.length > max) return { occurrences: found.slice(-max), more: true };
    if (from.getTime() === after.getTime()) return { occurrences: found, more: false };
    spanMs *= 8;
  }
}

function occurrencesWithin(rule: ScheduleRule, from: Date, until: Date): Date[] {
  const found: Date[] = [];
  for (let next = nextOccurrence(rule, from); next !== null && next <= until; next = nextOccurrence(rule, next)) {
    found.push(next);
  }
  return found;
}

type CronRule = Extract<ScheduleRule, { kind: 'cron' }>;

/** Times of day: what the clock showed before `afterMs` had its first moment before it too, so the search begins there. */
function nextOfTimes({ pattern, clock }: CronRule, afterMs: number): number | null {
  let wallMs = pattern.nextWall(clock.wallAt(afterMs));
  while (wallMs !== null) {
    const instantMs = clock.firstInstantOf(wallMs);
    if (instantMs > afterMs) return instantMs;
    // In the second pass of a repeated hour: its times have had their moment in the first.
    wallMs = pattern.nextWall(wallMs);
  }
  return null;
}

/** A rhythm: counted on with the distance from UTC as it is, and anew from each change of it. */
function nextOfRhythm({ pattern, clock }: CronRule, afterMs: number): number | null {
  let fromMs = afterMs;
  for (;;) {
    const offsetMs = clock.wallAt(fromMs) - fromMs;
    const wallMs = pattern.nextWall(fromMs + offsetMs);
    if (wallMs === null) return null;
    const instantMs = wallMs - offsetMs;
    const changeMs = findFirstChange(clock, fromMs, instantMs);
    if (changeMs === null) return instantMs;
    // The moment of the change itself may be named.
    fromMs = changeMs - 1;
    const wallAtChangeMs = clock.wallAt(changeMs);
    if (pattern.nextWall(wallAtChangeMs - 1) === wallAtChangeMs) return changeMs;
    fromMs = changeMs;
  }
}

/** Looked for day by day: over a season the two ends may agree although clocks changed twice in between. */
function findFirstChange(clock: ZoneClock, fromMs: number, toMs: number): number | null {
  for (let startMs = fromMs; startMs < toMs; startMs += DAY_MS) {
    const changeMs = clock.findChange(startMs, Math.min(startMs + DAY_MS, toMs));
    if (changeMs !== null) return changeMs;
  }
  return null;
}
