import cronstrue from 'cronstrue';
import type { StoredRule } from './occurrences.ts';
import { parseRule } from './occurrences.ts';

/**
 * A rule in plain words, such as "At 07:00, Monday through Friday" or "Every 10 minutes". The one home of cronstrue.
 * @throws InvalidInputError for a rule that cannot be read.
 */
export function describeRule(stored: StoredRule): string {
  const rule = parseRule(stored);
  if (rule.kind === 'interval') {
    return describeMinutes(rule.everyMinutes);
  }
  try {
    return cronstrue.toString(rule.pattern.text, { use24HourTimeFormat: true });
  } catch {
    // croner reads a little more than cronstrue can tell; cronstrue throws texts, not errors.
    return `By the cron text "${rule.pattern.text}"`;
  }
}

function describeMinutes(minutes: number): string {
  if (minutes % 1_440 === 0) return every(minutes / 1_440, 'day');
  if (minutes % 60 === 0) return every(minutes / 60, 'hour');
  return every(minutes, 'minute');
}

const every = (count: number, unit: string): string => (count === 1 ? `Every ${unit}` : `Every ${count} ${unit}s`);
