import type { Signal } from '#lib/db/schema/vocabulary.ts';
import type { FieldProvenance, LeadDraft, LeadField, LeadProvenance } from '#lib/leads/lead.ts';
import type { SignalChoice } from '#lib/portals/permit-params.ts';
import type { Portal } from '#lib/portals/portal.ts';
import { type Contact, contactKey, readContacts } from './contacts.ts';
import type { Row } from './page-walk.ts';
import { mapRow, type PermitRow } from './row-mapping.ts';
import { judgeSignal } from './signals.ts';

const RAW_CHARACTERS = 200;

export interface RowOrigin {
  portal: Portal;
  url: string;
  fetchedAt: Date;
}

export interface RowChoice {
  signal: SignalChoice;
  /** Rows dated on an earlier day are left out; rows whose date cannot be read are kept. */
  since: Date | null;
}

/** The leads of one row, and its date for the watermark. */
export interface RowLeads {
  date: Date | null;
  leads: LeadDraft[];
}

/** One lead per distinct contact of a wanted row; one with the address alone where it names nobody. Pure. */
export function leadsOfRow(row: Row, origin: RowOrigin, choice: RowChoice): RowLeads {
  const permit = mapRow(row, origin.portal);
  if (permit === null) return { date: null, leads: [] };
  const tooOld = choice.since !== null && permit.date !== null && permit.date.getTime() < choice.since.getTime();
  const verdict = judgeSignal(permit.description?.text ?? '', choice.signal, origin.portal.signal);
  if (tooOld || !verdict.wanted) return { date: permit.date, leads: [] };
  const base = baseLead(permit, origin, verdict.signal);
  const contacts = readContacts(row, origin.portal, permit.description);
  if (contacts.length > 0) {
    return { date: permit.date, leads: contacts.map((contact) => contactLead(base, contact, permit, origin)) };
  }
  // Without anybody and without a place there is nothing that could be contacted.
  return { date: permit.date, leads: base.address ? [base] : [] };
}

function provenanceOf(permit: PermitRow, origin: RowOrigin, rule: string, raw?: string): FieldProvenance {
  return {
    sourceUrl: origin.url,
    sourceRowId: permit.rowId,
    rule,
    fetchedAt: origin.fetchedAt.toISOString(),
    ...(raw === undefined ? {} : { raw: raw.slice(0, RAW_CHARACTERS) }),
  };
}

function baseLead(permit: PermitRow, origin: RowOrigin, signal: Signal | null): LeadDraft {
  const from = (rule: string | undefined, raw?: string) =>
    rule === undefined ? undefined : provenanceOf(permit, origin, rule, raw);
  const { portal } = origin;
  const provenance: Partial<Record<LeadField, FieldProvenance | undefined>> = {
    request: from(permit.description?.rule),
    address: from(permit.address?.rule),
    city: from(permit.city?.rule),
    state: from('portal.state'),
    zip: from(permit.zip?.rule),
    value: from(permit.value?.rule, permit.value?.raw),
    signal: from(signal === null ? undefined : portal.signal ? 'portal.signal' : permit.description?.rule),
  };
  return {
    portal: portal.id,
    sourceRowId: permit.rowId,
    contactKey: '',
    sourceUrl: origin.url,
    role: 'address',
    request: permit.description?.text ?? null,
    address: permit.address?.text ?? null,
    city: permit.city?.text ?? null,
    state: permit.state,
    zip: permit.zip?.text ?? null,
    value: permit.value?.amount ?? null,
    signal,
    demo: portal.origin === 'demo',
    provenance: withoutUndefined(provenance),
  };
}

function contactLead(base: LeadDraft, contact: Contact, permit: PermitRow, origin: RowOrigin): LeadDraft {
  const { name, company, email, phone } = contact.fields;
  const provenance: Partial<Record<LeadField, FieldProvenance | undefined>> = { ...base.provenance };
  provenance.role = provenanceOf(permit, origin, contact.roleRule);
  for (const [field, value] of Object.entries(contact.fields)) {
    provenance[field as LeadField] = provenanceOf(permit, origin, value.rule);
  }
  return {
    ...base,
    contactKey: contactKey(contact),
    role: contact.role,
    name: name?.text ?? null,
    company: company?.text ?? null,
    email: email?.text ?? null,
    phone: phone?.text ?? null,
    provenance: withoutUndefined(provenance),
  };
}

function withoutUndefined(provenance: Partial<Record<LeadField, FieldProvenance | undefined>>): LeadProvenance {
  const known = Object.entries(provenance).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as LeadProvenance;
}
