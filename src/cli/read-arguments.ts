import { InvalidArgumentError } from 'commander';
import { isSourceName, SOURCE_NAMES, type SourceName } from '#lib/scraper-config.ts';
import { sourceNameSchema } from '#lib/source-name.ts';

/** @throws InvalidArgumentError that says what a number may be. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** @throws InvalidArgumentError for anything but a time above 0. */
export function hours(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('It must be a number of hours above 0, such as 2 or 0.5.');
}

/** Sources that workers have a scraper for. @throws InvalidArgumentError that names them. */
export function sourceList(text: string): string[] {
  return namesOf(text).map(oneSource);
}

/** Sources that a bot may know: which there are, the database says. @throws InvalidArgumentError for what is no name. */
export function sourceNames(text: string): string[] {
  return namesOf(text).map((name) => {
    const [issue] = sourceNameSchema.safeParse(name).error?.issues ?? [];
    if (issue) throw new InvalidArgumentError(`"${name}" ${issue.message}.`);
    return name;
  });
}

const namesOf = (text: string): string[] => [...new Set(text.split(',').map((name) => name.trim()))];

/** @throws InvalidArgumentError that names the sources there are. */
export function oneSource(text: string): SourceName {
  if (isSourceName(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not a source; known are ${SOURCE_NAMES.join(', ')}.`);
}

/** @throws InvalidArgumentError for what cannot be the number of a row. */
export function rowId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number, as the list shows it.');
}

/** For arguments that may be given several times. @throws InvalidArgumentError. */
export function rowIds(text: string, earlier: number[] | undefined): number[] {
  return [...(earlier ?? []), rowId(text)];
}

/** @throws InvalidArgumentError for anything but a JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, like JSON that is no object.
  }
  throw new InvalidArgumentError(`It must be a JSON object, such as '{"maxRows":500}'.`);
}
