import type { Signal } from '../db/schema/vocabulary.ts';

/** Where one field of a lead came from. */
export interface FieldProvenance {
  /** The request that returned the row. */
  sourceUrl: string;
  sourceRowId: string;
  /** The column, selector or rule that yielded the value, such as "fields.contacts[0].phone" or "description". */
  rule: string;
  /** ISO 8601, when the page was fetched. */
  fetchedAt: string;
  /** The raw text where it differs from what is kept; at most 200 characters. */
  raw?: string;
}

export type LeadField =
  | 'name'
  | 'company'
  | 'email'
  | 'phone'
  | 'request'
  | 'address'
  | 'city'
  | 'state'
  | 'zip'
  | 'value'
  | 'signal'
  | 'role';

export type LeadProvenance = Partial<Record<LeadField, FieldProvenance>>;

/**
 * A lead as a scraper found it, before normalisation. Every text may be untidy; normalize-lead.ts cleans it.
 * Identity is (source, portal, sourceRowId, contactKey): the same row and contact found again is the same lead.
 */
export interface LeadDraft {
  portal: string;
  sourceRowId: string;
  /** Tells the contacts of one row apart: normally derived from what names the contact; '' for an address alone. */
  contactKey?: string;
  sourceUrl: string;
  role: string;
  name?: string | null;
  company?: string | null;
  email?: string | null;
  phone?: string | null;
  request?: string | null;
  address?: string | null;
  city?: string | null;
  state?: string | null;
  zip?: string | null;
  value?: number | null;
  signal?: Signal | null;
  /** True for data of the bundled demo server. */
  demo?: boolean;
  provenance: LeadProvenance;
}

/** A lead after normalisation: trimmed, phone in E.164, e-mail in lower case, key computed. Ready to be saved. */
export interface NormalizedLead {
  leadKey: Buffer;
  source: string;
  portal: string;
  sourceRowId: string;
  sourceUrl: string;
  role: string;
  name: string | null;
  company: string | null;
  email: string | null;
  phone: string | null;
  phoneExtension: string | null;
  request: string | null;
  address: string | null;
  city: string | null;
  state: string | null;
  zip: string | null;
  value: number | null;
  signal: Signal | null;
  demo: boolean;
  provenance: LeadProvenance;
}
