import { z } from 'zod';
import { SIGNALS, type Signal } from '../db/schema/vocabulary.ts';
import { findSignal, isAnySignal } from './signal-spelling.ts';

const DAY_MS = 86_400_000;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** 'any', or the signals asked for, each once, in the order of SIGNALS. */
export type SignalChoice = 'any' | Signal[];

const signalSchema = z
  .union([z.string(), z.array(z.string()).min(1, 'must name at least one signal')], {
    error: 'must be a signal, a list of signals, or "any"',
  })
  .default('any')
  .transform((value, context): SignalChoice => {
    const words = typeof value === 'string' ? value.split(',') : value;
    const unknown = words.filter((word) => !isAnySignal(word) && findSignal(word) === null);
    for (const word of unknown) {
      context.addIssue({
        code: 'custom',
        message: `"${word.trim()}" is not a signal; known are ${SIGNALS.join(', ')} and any`,
      });
    }
    if (unknown.length > 0) return z.NEVER;
    if (words.some(isAnySignal)) return 'any';
    const chosen = new Set(words.map(findSignal));
    return SIGNALS.filter((signal) => chosen.has(signal));
  });

const sinceSchema = z.string('must be an ISO date such as "2026-01-31"').transform((text, context): Date => {
  const at = parseIsoDate(text);
  if (at === null) {
    context.addIssue({ code: 'custom', message: `"${text}" is not an ISO date such as "2026-01-31"` });
    return z.NEVER;
  }
  if (at.getTime() > Date.now() + DAY_MS) {
    context.addIssue({ code: 'custom', message: `"${text}" lies in the future` });
    return z.NEVER;
  }
  return at;
});

function parseIsoDate(text: string): Date | null {
  const trimmed = text.trim();
  if (!ISO_DATE.test(trimmed)) return null;
  const zoned = trimmed.length > 10 && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(trimmed) ? `${trimmed}Z` : trimmed;
  const at = new Date(zoned);
  if (Number.isNaN(at.getTime())) return null;
  // Date rolls 2026-02-31 over to March; the day as written must survive.
  return trimmed.length > 10 || at.toISOString().startsWith(trimmed) ? at : null;
}

/** The `params` of a permits session. */
export const permitParamsSchema = z.strictObject({
  /** One signal, a list (also with commas), or "any": every row is a lead. Spelling is lenient. */
  signal: signalSchema,
  /** Rows dated from this day on; without it the portal's watermark, or 90 days back on a first run. */
  since: sinceSchema.optional(),
  /** Upper bound of rows read over the whole session. */
  maxRows: z
    .number('must be a whole number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(1_000_000, 'must be at most 1000000')
    .optional(),
});

export type PermitParams = z.output<typeof permitParamsSchema>;

/** The scope of a watermark: which signals a portal was read for. */
export function watermarkScope(signal: SignalChoice): string {
  return signal === 'any' ? 'any' : [...signal].sort().join('+');
}
