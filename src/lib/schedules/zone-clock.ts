import { InvalidInputError } from '../errors.ts';

/** How far the clocks of the world are from UTC at most: 12 hours behind, 14 ahead. */
const MOST_BEHIND_MS = 12 * 3_600_000;
const MOST_AHEAD_MS = 14 * 3_600_000;

/**
 * The clock on the wall of one time zone. A wall time is given as the ms that UTC would have if its clock showed that time.
 */
export interface ZoneClock {
  zone: string;
  wallAt(instantMs: number): number;
  /**
   * The moment at which the clock first shows `wallMs`. A time that the clocks leave out gives the first moment after the
   * change; of a time that comes twice it is the first.
   */
  firstInstantOf(wallMs: number): number;
  /** The first moment in (fromMs, toMs] with another distance from UTC than at fromMs; null when it is the same at both. */
  findChange(fromMs: number, toMs: number): number | null;
}

const clocks = new Map<string, ZoneClock>();

/**
 * The clock of an IANA zone such as "America/New_York".
 * @throws InvalidInputError that names the zone and what would work.
 */
export function zoneClock(zone: string): ZoneClock {
  // Intl takes any letter case, and there are millions of ways to write one zone.
  const key = zone.toLowerCase();
  const known = clocks.get(key);
  if (known) return known;
  const clock = createClock(zone, openFormat(zone));
  clocks.set(key, clock);
  return clock;
}

function openFormat(zone: string): Intl.DateTimeFormat {
  try {
    // A bare offset ("+02:00") is taken by Intl, but it is no zone: it does not know when clocks change.
    if (!/^[A-Za-z]/.test(zone)) throw new RangeError('not a name');
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new InvalidInputError(
      `"${zone.slice(0, 100)}" is not a time zone that is known here. Give an IANA name such as "America/New_York", "Europe/Berlin" or "UTC".`,
      { context: { timeZone: zone.slice(0, 100) }, cause },
    );
  }
}

function createClock(zone: string, format: Intl.DateTimeFormat): ZoneClock {
  const wallAt = (instantMs: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instantMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    // The clock shows whole seconds; what is below them is the same in all zones.
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((instantMs % 1000) + 1000) % 1000);
  };
  const offsetAt = (instantMs: number): number => wallAt(instantMs) - instantMs;
  const findChange = (fromMs: number, toMs: number): number | null => {
    const before = offsetAt(fromMs);
    if (offsetAt(toMs) === before) return null;
    let same = fromMs;
    let other = toMs;
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (offsetAt(middle) === before) same = middle;
      else other = middle;
    }
    return other;
  };
  return {
    zone,
    wallAt,
    findChange,
    firstInstantOf(wallMs) {
      const offsets = [offsetAt(wallMs - MOST_AHEAD_MS), offsetAt(wallMs + MOST_BEHIND_MS)];
      const earliest = wallMs - Math.max(...offsets);
      const latest = wallMs - Math.min(...offsets);
      if (wallAt(earliest) === wallMs) return earliest;
      if (wallAt(latest) === wallMs) return latest;
      return findChange(earliest, latest) ?? latest;
    },
  };
}
