import { z } from 'zod';
import { PORTAL_KINDS, type PortalOrigin, SIGNALS } from '../db/schema/vocabulary.ts';
import type { Portal } from './portal.ts';
import { portalId } from './portal-id.ts';
import { normalizePortalUrl } from './portal-url.ts';
import { findSignal } from './signal-spelling.ts';
import { findStateCode } from './us-states.ts';

const text = z.string('must be a text').trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
const columns = z.union([text, z.array(text).min(1, 'must name at least one column').max(20)], {
  error: 'must be a column name or a list of column names',
});

const contactSchema = z
  .strictObject({
    role: z.union([z.enum(['owner', 'applicant', 'contractor']), z.strictObject({ field: text })], {
      error: 'must be "owner", "applicant", "contractor" or {"field": column}',
    }),
    name: columns.optional(),
    company: text.optional(),
    phone: text.optional(),
    email: text.optional(),
  })
  .refine((contact) => contact.name ?? contact.company ?? contact.phone ?? contact.email, {
    message: 'must map at least one of name, company, phone and email',
  });

const fieldsSchema = z.strictObject({
  id: columns,
  number: text.optional(),
  date: text,
  description: columns,
  address: columns,
  city: text.optional(),
  zip: text.optional(),
  value: text.optional(),
  contacts: z.array(contactSchema, 'must be a list').max(30, 'must have at most 30 entries').default([]),
});

const stateSchema = z.string('must be a state').transform((value, context) => {
  const code = findStateCode(value);
  if (code === null) {
    context.addIssue({ code: 'custom', message: `"${value}" is not a US state; use a name or a code such as "GA"` });
    return z.NEVER;
  }
  return code;
});

const signalSchema = z.string('must be a signal').transform((value, context) => {
  const signal = findSignal(value);
  if (signal === null) {
    context.addIssue({ code: 'custom', message: `"${value}" is not a signal; known are ${SIGNALS.join(', ')}` });
    return z.NEVER;
  }
  return signal;
});

/** What POST /api/portals takes; EKO_PORTALS_FILE holds a JSON array of it. Unknown keys are refused by name. */
export const portalInputSchema = z
  .strictObject({
    source: z.literal('permits', 'must be "permits"'),
    kind: z.enum(PORTAL_KINDS, `must be one of ${PORTAL_KINDS.join(', ')}`),
    name: text,
    state: stateSchema,
    county: text.optional(),
    city: text.optional(),
    url: z.string('must be a URL').max(2000, 'must have at most 2000 characters'),
    fields: fieldsSchema,
    signal: signalSchema.optional(),
    /** Smallest gap between two requests to its host, ms. */
    rateLimit: z
      .number('must be a number of milliseconds')
      .int('must be a whole number of milliseconds')
      .min(0, 'must not be negative')
      .max(3_600_000, 'must be at most an hour (3600000)')
      .optional(),
  })
  .transform((input, context) => {
    const verdict = normalizePortalUrl(input.kind, input.url);
    if (!verdict.ok) {
      context.addIssue({ code: 'custom', path: ['url'], message: verdict.reason });
      return z.NEVER;
    }
    return { ...input, url: verdict.url };
  });

export type PortalInput = z.output<typeof portalInputSchema>;

/** The portal that an input describes. */
export function toPortal(input: PortalInput, origin: PortalOrigin): Portal {
  return {
    id: portalId(input),
    source: input.source,
    kind: input.kind,
    name: input.name,
    state: input.state,
    county: input.county ?? null,
    city: input.city ?? null,
    url: input.url,
    fields: input.fields,
    signal: input.signal ?? null,
    rateLimitMs: input.rateLimit ?? null,
    origin,
    enabled: true,
    note: null,
  };
}
