import { z } from 'zod';
import type { RunNews } from '#workers/manager/run-monitor.ts';

/** News of a run of workers as a line of JSON between the log lines of manager and workers. */
export function formatNews(news: RunNews): string {
  return JSON.stringify({ time: new Date().toISOString(), level: 'info', name: 'run', ...news }, roundNumbers);
}

/** Times in whole ms, shares and rates to three digits. */
function roundNumbers(key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return key.endsWith('Ms') ? Math.round(value) : Math.round(value * 1_000) / 1_000;
}

const count = z.number();
const maybe = z.number().nullable();

const newsSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('waiting'),
    idleMs: count,
    emptyLooks: count,
    maxFailures: maybe,
    nextLookMs: count,
    standstill: z.object({ why: z.string(), resume: z.string() }).nullable(),
  }),
  z.object({
    event: z.literal('working'),
    active: count,
    processed: count,
    succeeded: count,
    failed: count,
    maxWork: maybe,
    perHour: maybe,
  }),
  z.object({ event: z.literal('stopping'), message: z.string() }),
  z.object({
    event: z.literal('stopped'),
    message: z.string(),
    processed: count,
    succeeded: count,
    failed: count,
    runtimeMs: count,
    perHour: maybe,
    efficiency: count,
  }),
]);

export type ReadNews = z.output<typeof newsSchema>;

/** The news in a line; null for a line that is something else. */
export function parseNews(line: string): ReadNews | null {
  if (!line.includes('"name":"run"')) return null;
  try {
    return newsSchema.parse(JSON.parse(line));
  } catch {
    // Some other line that speaks of a run.
    return null;
  }
}
