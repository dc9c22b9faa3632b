import type { PortalKind, PortalOrigin, Signal } from '../db/schema/vocabulary.ts';

/** The roles a contact column can have, or the column that tells the role. */
export type PortalContactRole = 'owner' | 'applicant' | 'contractor' | { field: string };

export interface PortalContact {
  role: PortalContactRole;
  /** A list where the publisher splits a name over columns; joined with spaces. */
  name?: string | string[] | undefined;
  company?: string | undefined;
  phone?: string | undefined;
  email?: string | undefined;
}

/** Which column of the publisher holds what. A list of columns is joined with spaces (for `id`: with "|"). */
export interface PortalFields {
  id: string | string[];
  number?: string | undefined;
  date: string;
  description: string | string[];
  address: string | string[];
  city?: string | undefined;
  zip?: string | undefined;
  value?: string | undefined;
  contacts: PortalContact[];
}

/** One publisher that a source reads: a county's permit layer, a city's permit table. */
export interface Portal {
  /** Slug, unique over all origins, such as "ga-dekalb-county-building-permits". */
  id: string;
  source: string;
  kind: PortalKind;
  name: string;
  /** Two-letter code, upper case. */
  state: string;
  county: string | null;
  city: string | null;
  /** SODA resource (…/resource/ID.json), ArcGIS layer (…/FeatureServer/0) or CKAN datastore_search URL with resource_id. */
  url: string;
  fields: PortalFields;
  /** Set where every row of the portal means the same, such as a table of solar permits. */
  signal: Signal | null;
  /** Gap between two requests to its host in ms; null: the source's default. */
  rateLimitMs: number | null;
  origin: PortalOrigin;
  enabled: boolean;
  note: string | null;
}
