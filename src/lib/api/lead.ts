import type { Signal } from '../db/schema/vocabulary.ts';
import type { LeadProvenance } from '../leads/lead.ts';

/** A row of GET /api/leads */
export interface ApiLead {
  id: number;
  source: string;
  portal: string;
  sessionId: number;
  batchId: string;
  location: string;
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
  sourceUrl: string | null;
  sourceRowId: string;
  firstSeenAt: string;
  lastSeenAt: string;
  seenCount: number;
  demo: boolean;
  provenance: LeadProvenance;
}

/** GET /api/leads/ID */
export interface ApiLeadDetail extends ApiLead {
  /** The same person elsewhere: leads with the same phone or e-mail address. */
  linked: ApiLead[];
}
