import { z } from 'zod';
import type { ApiRejectedLead } from '#lib/api/bot.ts';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';
import type { FieldProvenance, LeadDraft, LeadField, LeadProvenance, NormalizedLead } from '#lib/leads/lead.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';

const LEADS_MAX = 1_000;
const TEXT_MAX = 10_000;
const REASON_MAX = 300;

const text = z.string('must be a text').max(TEXT_MAX, `must have at most ${TEXT_MAX} characters`);
const optionalText = text.nullable().default(null);

const FIELDS = [
  'name',
  'company',
  'email',
  'phone',
  'request',
  'address',
  'city',
  'state',
  'zip',
  'value',
  'signal',
  'role',
] as const satisfies readonly LeadField[];

/** A lead as a bot sends it: texts may be untidy, but a field that nobody knows is a mistake. */
const leadSchema = z.strictObject({
  /** The publisher's own id of the row: the same row found again is the same lead. */
  sourceRowId: text.min(1, 'must not be empty'),
  /** The page or request that showed the row. */
  sourceUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_000),
  /** The publisher, where a source reads several; the source's name unless given. */
  portal: text.min(1).optional(),
  contactKey: text.max(200).optional(),
  role: optionalText,
  name: optionalText,
  company: optionalText,
  email: optionalText,
  phone: optionalText,
  request: optionalText,
  address: optionalText,
  city: optionalText,
  state: optionalText,
  zip: optionalText,
  value: z.number('must be a number').nullable().default(null),
  signal: z
    .enum(SIGNALS, `must be one of ${SIGNALS.join(', ')}`)
    .nullable()
    .default(null),
  /** When the page was fetched; now unless given. */
  fetchedAt: z.iso.datetime({ offset: true, error: 'must be a time in ISO 8601 with its zone' }).optional(),
  /** By field, which column, selector or rule yielded it. */
  rules: z.partialRecord(z.enum(FIELDS), text.max(200)).optional(),
});

type BotLead = z.output<typeof leadSchema>;

/** The list itself; what is in it is judged one by one, so that a wrong lead costs no other. */
export const leadsSchema = z
  .array(z.unknown(), 'must be a list of leads')
  .max(LEADS_MAX, `must have at most ${LEADS_MAX} leads; send more with further checkpoints`)
  .default([]);

/** The leads of one call, ready to be saved, and those that are none, with their places in the list. */
interface ReadLeads {
  accepted: NormalizedLead[];
  rejected: ApiRejectedLead[];
}

/** Checks and tidies leads one by one. The same list gives the same answer. */
export function readLeads(leads: readonly unknown[], source: string, now: Date): ReadLeads {
  const read: ReadLeads = { accepted: [], rejected: [] };
  for (const [index, lead] of leads.entries()) {
    const parsed = leadSchema.safeParse(lead);
    const outcome = parsed.success
      ? normalizeLead(toDraft(parsed.data, source, now), { source, now })
      : { rejected: sentenceOf(parsed.error) };
    if ('rejected' in outcome) read.rejected.push({ index, reason: outcome.rejected });
    else read.accepted.push(outcome);
  }
  return read;
}

function toDraft(lead: BotLead, source: string, now: Date): LeadDraft {
  const { contactKey, portal, rules, fetchedAt, ...facts } = lead;
  return {
    ...facts,
    ...(contactKey === undefined ? {} : { contactKey }),
    portal: portal ?? source,
    role: lead.role ?? 'unknown',
    provenance: provenanceOf(lead, now),
  };
}

function provenanceOf({ sourceUrl, sourceRowId, rules = {}, fetchedAt, ...facts }: BotLead, now: Date): LeadProvenance {
  const given = FIELDS.filter((field) => facts[field] !== null);
  const originOf = (field: LeadField): FieldProvenance => ({
    sourceUrl,
    sourceRowId,
    rule: rules[field] ?? 'as the bot sent it',
    fetchedAt: fetchedAt ?? now.toISOString(),
  });
  return Object.fromEntries(given.map((field) => [field, originOf(field)]));
}

function sentenceOf(error: z.ZodError): string {
  const problems = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')} is not a known field`;
    return issue.path.length === 0 ? issue.message : `${issue.path.join('.')} ${issue.message}`;
  });
  return problems.join('; ').slice(0, REASON_MAX);
}
