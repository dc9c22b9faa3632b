import { calmCapitals } from './calm-capitals.ts';
import { cleanField } from './clean-field.ts';
import { extractEmails } from './extract-emails.ts';
import { parsePhone } from './extract-phones.ts';
import type { FieldProvenance, LeadDraft, LeadField, LeadProvenance, NormalizedLead } from './lead.ts';
import { leadKey } from './lead-key.ts';

export interface NormalizeOptions {
  source: string;
  now: Date;
}

/** Most characters kept of each text. */
const MAX_CHARS = { name: 200, company: 200, request: 1_000, address: 300, city: 100, raw: 200, id: 500, url: 2_000 };
const MAX_VALUE = 1e12;
const STATE_CODE = /^[A-Z]{2}$/;

type LeadTexts = Pick<NormalizedLead, 'name' | 'company' | 'email' | 'request' | 'address' | 'city' | 'state' | 'zip'>;

/**
 * Tidies a draft: one-line texts of bounded length, e-mail in lower case, phone in E.164, state code, five-digit (or ZIP+4)
 * zip. What cannot be a value of its field is dropped, and its provenance with it.
 * @returns the reason instead where the draft has neither a contact nor an address, or no identity.
 */
export function normalizeLead(draft: LeadDraft, options: NormalizeOptions): NormalizedLead | { rejected: string } {
  const sourceRowId = cleanField(draft.sourceRowId, MAX_CHARS.id);
  const portal = cleanField(draft.portal, MAX_CHARS.id);
  if (!sourceRowId || !portal) return { rejected: 'it has no row id or no portal' };
  const texts = textsOf(draft);
  const phone = draft.phone ? parsePhone(draft.phone) : null;
  if (!texts.name && !texts.company && !texts.email && !phone && !texts.address) {
    return { rejected: 'it names nobody and no address' };
  }
  const lead = {
    leadKey: leadKey({ source: options.source, portal, sourceRowId, contactKey: contactKeyOf(draft) }),
    source: options.source,
    portal,
    sourceRowId,
    sourceUrl: draft.sourceUrl.slice(0, MAX_CHARS.url),
    role: cleanField(draft.role, 50)?.toLowerCase() ?? 'unknown',
    ...texts,
    phone: phone?.e164 ?? null,
    phoneExtension: phone?.extension ?? null,
    value: validValue(draft.value),
    signal: draft.signal ?? null,
    demo: draft.demo ?? false,
  };
  return { ...lead, provenance: keptProvenance(draft, lead, options.now) };
}

function textsOf(draft: LeadDraft): LeadTexts {
  const calm = (text: string | null | undefined, maxChars: number) => {
    const clean = cleanField(text, maxChars);
    return clean === null ? null : calmCapitals(clean);
  };
  return {
    name: calm(draft.name, MAX_CHARS.name),
    company: calm(draft.company, MAX_CHARS.company),
    email: draft.email ? (extractEmails(draft.email)[0] ?? null) : null,
    request: cleanField(draft.request, MAX_CHARS.request),
    address: calm(draft.address, MAX_CHARS.address),
    city: calm(draft.city, MAX_CHARS.city),
    state: stateCode(draft.state),
    zip: zipCode(draft.zip),
  };
}

function stateCode(text: string | null | undefined): string | null {
  const code = cleanField(text, 50)?.toUpperCase() ?? '';
  return STATE_CODE.test(code) ? code : null;
}

/** US ZIP or ZIP+4; publishers that store numbers lose leading zeros, hence the padding of four digits. */
function zipCode(text: string | null | undefined): string | null {
  const digits = (cleanField(text, 20) ?? '').replace(/\.0+$/, '').replaceAll(/[ -]/g, '');
  if (!/^\d+$/.test(digits) || /^0+$/.test(digits)) return null;
  if (digits.length === 9) return `${digits.slice(0, 5)}-${digits.slice(5)}`;
  return digits.length === 5 || digits.length === 4 ? digits.padStart(5, '0') : null;
}

function validValue(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= MAX_VALUE ? value : null;
}

/** Stable over runs: made of what the publisher wrote, not of how we tidy it today. */
function contactKeyOf(draft: LeadDraft): string {
  if (draft.contactKey !== undefined) return draft.contactKey;
  return [draft.role, draft.name, draft.company, draft.email, draft.phone]
    .map((part) => cleanField(part, 200)?.toLowerCase() ?? '')
    .join('|');
}

const PROVENANCE_FIELDS = [
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

function keptProvenance(draft: LeadDraft, lead: Record<LeadField, unknown>, now: Date): LeadProvenance {
  const kept: LeadProvenance = {};
  for (const field of PROVENANCE_FIELDS) {
    const origin = draft.provenance[field];
    if (origin && lead[field] !== null) kept[field] = tidyProvenance(origin, draft[field], lead[field], now);
  }
  return kept;
}

function tidyProvenance(origin: FieldProvenance, before: unknown, after: unknown, now: Date): FieldProvenance {
  const changed = before === after || before === null || before === undefined ? undefined : String(before);
  const raw = cleanField(origin.raw ?? changed, MAX_CHARS.raw);
  return {
    sourceUrl: origin.sourceUrl.slice(0, MAX_CHARS.url),
    sourceRowId: origin.sourceRowId,
    rule: origin.rule,
    fetchedAt: origin.fetchedAt || now.toISOString(),
    ...(raw === null ? {} : { raw }),
  };
}
