import { Cron } from 'croner';
import { InvalidInputError } from '../errors.ts';

/** The times of day that a cron text names, without any time zone: what a clock on the wall shows. */
export interface CronPattern {
  /** The five fields, as they were written, with single spaces. */
  text: string;
  /** The hour field names every hour: what is meant is a rhythm ("every 15 minutes"), not times of day. */
  everyHour: boolean;
  /**
   * The first time after `wallMs` that the pattern names; null when none follows.
   * A wall time is given as the ms that UTC would have if its clock showed that time.
   */
  nextWall(wallMs: number): number | null;
}

const TEXT_MAX = 200;

/** croner reads nicknames too, but what is shown to people and judged below are five fields. */
const NICKNAMES: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const EVERY_HOUR = new Set(['*', '?', '*/1', '0-23', '0-23/1']);

const EXAMPLE = 'five fields "minute hour day month weekday", such as "0 7 * * 1-5" for 07:00 on weekdays';

/**
 * Reads a cron text. The one home of croner, which knows the patterns; time zones are the business of
 * occurrences.ts, since croner skips times that a change of clocks leaves out, and runs others twice.
 * @throws InvalidInputError that names the text and what would work.
 */
export function parseCron(input: string): CronPattern {
  const written = input.trim().replace(/\s+/g, ' ');
  const text = NICKNAMES[written.toLowerCase()] ?? written;
  const job = readPattern(text);
  return {
    text,
    everyHour: EVERY_HOUR.has(text.split(' ')[1] ?? ''),
    nextWall: (wallMs) => job.nextRun(new Date(wallMs))?.getTime() ?? null,
  };
}

function readPattern(text: string): Cron {
  if (text === '' || text.length > TEXT_MAX) {
    const given = text === '' ? 'nothing was given' : `"${text.slice(0, 40)}…" has ${text.length} characters`;
    throw new InvalidInputError(`The cron text must be ${EXAMPLE}; ${given}.`, { context: { cron: text } });
  }
  try {
    return new Cron(text, { timezone: 'UTC', mode: '5-part', paused: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '').replace(/\.$/, '') : String(cause);
    throw new InvalidInputError(`"${text}" is not a cron text (${why}). Give ${EXAMPLE}.`, {
      context: { cron: text },
      cause,
    });
  }
}
