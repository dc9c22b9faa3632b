import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../errors.ts';
import { lastOccurrences, nextOccurrence, nextOccurrences, parseRule } from './occurrences.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const rule = (cron: string, timeZone = 'UTC') => parseRule({ cron, timeZone, everyMinutes: null });
const every = (everyMinutes: number) => parseRule({ cron: null, timeZone: 'UTC', everyMinutes });
const nextTexts = (cron: string, zone: string, after: string, count: number) =>
  nextOccurrences(rule(cron, zone), new Date(after), count).map((at) => at.toISOString());

describe('the next occurrence', () => {
  it('follows the given moment, never repeats it', () => {
    const at = nextOccurrence(rule('0 7 * * *'), new Date('2026-01-01T07:00:00Z'));
    expect(at).toEqual(new Date('2026-01-02T07:00:00Z'));
    expect(nextOccurrence(rule('0 7 * * *'), new Date('2026-01-01T06:59:59.999Z'))).toEqual(
      new Date('2026-01-01T07:00:00Z'),
    );
  });

  it('is told in the zone of the schedule', () => {
    expect(nextTexts('0 7 * * *', 'America/New_York', '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T11:00:00.000Z']);
    expect(nextTexts('0 7 * * *', 'Asia/Kolkata', '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T01:30:00.000Z']);
  });

  it('is none for a day that never comes', () => {
    expect(nextOccurrence(rule('0 0 30 2 *'), new Date())).toBeNull();
    expect(nextOccurrences(rule('0 0 30 2 *'), new Date(), 5)).toEqual([]);
  });

  it('of the simple form is at full multiples of its minutes', () => {
    const after = new Date('2026-01-01T10:03:20Z');
    expect(nextOccurrences(every(10), after, 2).map((at) => at.toISOString())).toEqual([
      '2026-01-01T10:10:00.000Z',
      '2026-01-01T10:20:00.000Z',
    ]);
    expect(nextOccurrence(every(10), new Date('2026-01-01T10:10:00Z'))).toEqual(new Date('2026-01-01T10:20:00Z'));
  });
});

describe('when clocks change', () => {
  it('a time that is left out runs at the first moment after the change', () => {
    expect(nextTexts('30 2 * * *', 'America/New_York', '2026-03-08T05:00:00Z', 2)).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:30:00.000Z',
    ]);
  });

  it('a time that comes twice runs once, at the first', () => {
    expect(nextTexts('0,30 1 * * *', 'America/New_York', '2026-11-01T04:00:00Z', 3)).toEqual([
      '2026-11-01T05:00:00.000Z',
      '2026-11-01T05:30:00.000Z',
      '2026-11-02T06:00:00.000Z',
    ]);
    // Asked in the second pass, nothing of that hour is left.
    expect(nextTexts('30 1 * * *', 'America/New_York', '2026-11-01T06:10:00Z', 1)).toEqual([
      '2026-11-02T06:30:00.000Z',
    ]);
  });

  it('times that fall together run once', () => {
    expect(nextTexts('*/15 2 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:00:00.000Z',
    ]);
  });

  it('a rhythm goes on evenly', () => {
    expect(nextTexts('*/30 * * * *', 'America/New_York', '2026-11-01T04:59:00Z', 5)).toEqual([
      '2026-11-01T05:00:00.000Z',
      '2026-11-01T05:30:00.000Z',
      '2026-11-01T06:00:00.000Z',
      '2026-11-01T06:30:00.000Z',
      '2026-11-01T07:00:00.000Z',
    ]);
    expect(nextTexts('30 * * * *', 'America/New_York', '2026-03-08T06:00:00Z', 2)).toEqual([
      '2026-03-08T06:30:00.000Z',
      '2026-03-08T07:30:00.000Z',
    ]);
  });

  it('by half an hour, as on Lord Howe Island, only that half hour is special', () => {
    // 2026-10-04: 02:00 becomes 02:30.
    expect(nextTexts('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', 1)).toEqual([
      '2026-10-03T15:30:00.000Z',
    ]);
    expect(nextTexts('45 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', 1)).toEqual([
      '2026-10-03T15:45:00.000Z',
    ]);
    // 2026-04-05: 02:00 becomes 01:30.
    expect(nextTexts('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T12:00:00Z', 2)).toEqual([
      '2026-04-04T14:45:00.000Z',
      '2026-04-05T15:15:00.000Z',
    ]);
  });
});

describe('the last occurrences', () => {
  const after = new Date('2026-01-01T00:00:00Z');

  it('are the latest of those that lie between, and say whether there were more', () => {
    const { occurrences, more } = lastOccurrences(every(1), after, new Date('2026-12-31T23:59:30Z'), 3);
    expect(occurrences.map((at) => at.toISOString())).toEqual([
      '2026-12-31T23:57:00.000Z',
      '2026-12-31T23:58:00.000Z',
      '2026-12-31T23:59:00.000Z',
    ]);
    expect(more).toBe(true);
  });

  it('are all of them where they are few', () => {
    const { occurrences, more } = lastOccurrences(rule('0 7 * * *'), after, new Date('2026-01-04T07:00:00Z'), 4);
    expect(occurrences.map((at) => at.getUTCDate())).toEqual([1, 2, 3, 4]);
    expect(more).toBe(false);
  });

  it('are none where nothing lies between', () => {
    const past = new Date('2025-12-31T00:00:00Z');
    expect(lastOccurrences(every(1), after, past, 3)).toEqual({ occurrences: [], more: false });
    expect(lastOccurrences(every(60), after, new Date('2026-01-01T00:59:59Z'), 3).occurrences).toEqual([]);
  });
});

describe('a rule that cannot be read is refused with its value and what would work', () => {
  it.each([
    ['99 * * * *', /"99 \* \* \* \*".*minute.*such as/],
    ['every day', /"every day".*such as/],
    ['* * * * * *', /five/],
    ['', /nothing was given/],
    ['@reboot', /@reboot/],
  ])('cron "%s"', (cron, message) => {
    expect(() => rule(cron)).toThrow(InvalidInputError);
    expect(() => rule(cron)).toThrow(message);
  });

  it.each(['Mars/Olympus', '', '+02:00', 'america'])('zone "%s"', (zone) => {
    expect(() => rule('0 7 * * *', zone)).toThrow(/IANA name such as "America\/New_York"/);
  });

  it.each([0, 1.5, -10, 10_081])('every %s minutes', (minutes) => {
    expect(() => every(minutes)).toThrow(/1 to 10080/);
  });
});

/**
 * Told from the rule alone, apart from the code above: a walk over the clock of the zone, minute by minute, with a reader
 * of patterns that knows lists, ranges and steps and nothing else.
 */
const ZONES = [
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'Europe/Berlin',
  'Europe/London',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const PATTERNS = [
  '30 2 * * *',
  '15 0 * * *',
  '*/20 1-3 * * *',
  '0,45 */2 * * *',
  '45 2 * * 0',
  '*/15 * * * *',
  '10 * * * 6,0',
];
const FROM = Date.UTC(2026, 0, 1);
const UNTIL = Date.UTC(2028, 0, 1);

interface Minute {
  instant: number;
  /** What the clock shows, as if UTC showed it. */
  wall: number;
}

function walker(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return (instant) => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
}

/** The stretches in which clocks change, with two days around them; the whole two years in the long form. */
function stretches(wallAt: (instant: number) => number): [number, number][] {
  if (process.env.LONG_RUN) return [[FROM, UNTIL]];
  const found: [number, number][] = [];
  let offset = wallAt(FROM) - FROM;
  for (let at = FROM; at < UNTIL; at += 3 * HOUR_MS) {
    if (wallAt(at) - at === offset) continue;
    offset = wallAt(at) - at;
    found.push([at - 28 * HOUR_MS, at + 28 * HOUR_MS]);
  }
  return found;
}

function fieldOf(text: string, low: number, high: number): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [first = '', last = first] = range === '*' ? [String(low), String(high)] : range.split('-');
    for (let value = Number(first); value <= Number(last); value += Number(step)) values.add(value);
  }
  return values;
}

function matcher(cron: string): (wall: number) => boolean {
  const [minutes = '', hours = '', , , weekdays = ''] = cron.split(' ');
  const minute = fieldOf(minutes, 0, 59);
  const hour = fieldOf(hours, 0, 23);
  const weekday = fieldOf(weekdays, 0, 6);
  return (wall) => {
    const shown = new Date(wall);
    return minute.has(shown.getUTCMinutes()) && hour.has(shown.getUTCHours()) && weekday.has(shown.getUTCDay());
  };
}

function expectedOf(cron: string, minutes: readonly Minute[]): number[] {
  const matches = matcher(cron);
  if (cron.split(' ')[1] === '*') return minutes.filter(({ wall }) => matches(wall)).map(({ instant }) => instant);
  const expected = new Set<number>();
  let shownUntil = (minutes[0]?.wall ?? 0) - MINUTE_MS;
  for (const { instant, wall } of minutes) {
    // Every time that the clock has come to, or jumped over, since the latest that it has shown.
    for (let named = shownUntil + MINUTE_MS; named <= wall; named += MINUTE_MS)
      if (matches(named)) expected.add(instant);
    shownUntil = Math.max(shownUntil, wall);
  }
  return [...expected];
}

describe('over two years, all that the rule names and nothing twice', () => {
  it.each(ZONES)('in %s', { timeout: process.env.LONG_RUN ? 300_000 : 60_000 }, (zone) => {
    const wallAt = walker(zone);
    const walked = stretches(wallAt);
    expect(walked.length).toBeGreaterThanOrEqual(process.env.LONG_RUN ? 1 : 3);
    for (const [from, until] of walked) {
      const minutes: Minute[] = [];
      for (let at = from; at < until; at += MINUTE_MS) minutes.push({ instant: at, wall: wallAt(at) });
      for (const cron of PATTERNS) {
        const { occurrences } = lastOccurrences(rule(cron, zone), new Date(from - 1), new Date(until - 1), 1e6);
        const found = occurrences.map((at) => at.getTime());
        expect(found, `${cron} in ${zone}`).toEqual(expectedOf(cron, minutes));
        expect(new Set(found).size, 'nothing twice').toBe(found.length);
      }
    }
  });
});
