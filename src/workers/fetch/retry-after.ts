const DAY_MS = 86_400_000;

/**
 * Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date, which is compared with the server's own Date where it
 * sends one. Of several that were joined, as where a site and its front both send one, the longest counts. Null for none,
 * nonsense, zero and the past: then our own back-off applies. At most a day, in ms.
 */
export function parseRetryAfter(header: string | undefined, dateHeader: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (text === '') return null;
  const seconds = text.split(',').map((part) => part.trim());
  const areSeconds = seconds.every((part) => /^\d+$/.test(part));
  const ms = areSeconds ? Math.max(...seconds.map(Number)) * 1000 : msUntil(text, dateHeader, now);
  return ms !== null && ms > 0 ? Math.min(ms, DAY_MS) : null;
}

function msUntil(text: string, dateHeader: string | undefined, now: Date): number | null {
  // Date.parse takes far more than HTTP dates; all three forms of those have a time and start with a weekday.
  if (!/^(?:mon|tue|wed|thu|fri|sat|sun)\w*,? .*\d\d:\d\d:\d\d/i.test(text)) return null;
  const at = Date.parse(text);
  const sentAt = Date.parse(dateHeader ?? '');
  const ms = at - (Number.isNaN(sentAt) ? now.getTime() : sentAt);
  return Number.isNaN(ms) ? null : ms;
}
