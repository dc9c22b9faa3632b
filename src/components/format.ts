/** How numbers, times and money are written everywhere: American English, seconds always to be had. */

const whole = new Intl.NumberFormat('en-US');
const tenth = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });
const absolute = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'long' });
const absoluteUtc = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' });
const clock = new Intl.DateTimeFormat('en-US', {
  hourCycle: 'h23',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export const formatCount = (value: number) => whole.format(value);
/** "10,000+" where there are more than were counted. */
export const formatCapped = (value: number, isCapped: boolean) => `${formatCount(value)}${isCapped ? '+' : ''}`;
export const formatDollars = (value: number) => dollars.format(value);
export const formatTime = (iso: string) => absolute.format(new Date(iso));
/** The same in UTC, alike on every machine. */
export const formatUtc = (iso: string) => absoluteUtc.format(new Date(iso));
export const formatClock = (iso: string) => clock.format(new Date(iso));

/** `ratio` from 0 to 1; "–" where nothing was counted. */
export const formatRatio = (ratio: number | null) => (ratio === null ? '–' : percent.format(ratio));

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** "12 B", "3.5 kB", "2.4 MB": decimal units, one digit after the point. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${tenth.format(bytes / 1000 ** power)} ${BYTE_UNITS[power]}`;
}

/** "850 ms", "12 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return joinUnits(days, 'd', hours % 24, 'h');
  if (hours > 0) return joinUnits(hours, 'h', minutes % 60, 'min');
  if (minutes > 0) return joinUnits(minutes, 'min', seconds % 60, 's');
  return `${seconds} s`;
}

/** "850 ms", "2.5 s", then as formatDuration: for what is short, and where half a second matters. */
export function formatMs(ms: number): string {
  return ms < 1000 || ms >= 60_000 ? formatDuration(ms) : `${tenth.format(ms / 1000)} s`;
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** "just now", "3 s ago", "5 min ago", "2 h ago", "in 40 s"; past a day the date says more. */
export function formatAge(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  const distance = Math.abs(ms);
  if (distance < 1000) return 'just now';
  const text = formatDuration(coarse(distance));
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

/** Drops the smaller unit: an age in a table is read at a glance. */
function coarse(ms: number): number {
  const unit = [86_400_000, 3_600_000, 60_000].find((size) => ms >= size) ?? 1000;
  return Math.floor(ms / unit) * unit;
}

/** "1 lead", "2 leads", "0 leads". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "+14045550123" → "(404) 555-0123"; other countries stay as they are. */
export function formatPhone(e164: string, extension: string | null = null): string {
  const match = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164);
  const number = match ? `(${match[1]}) ${match[2]}-${match[3]}` : e164;
  return extension === null || extension === '' ? number : `${number} ext. ${extension}`;
}
