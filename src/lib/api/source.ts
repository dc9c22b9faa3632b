import type { PortalKind, PortalOrigin, Signal } from '../db/schema/vocabulary.ts';
import type { PortalFields } from '../portals/portal.ts';
import type { ScraperConfig } from '../scraper-config.ts';

/** A row of GET /api/sources */
export interface ApiSource {
  source: string;
  label: string;
  description: string;
  note?: string;
  /** Not meant by "all sources": started only where it is named. */
  byNameOnly?: true;
  /** There is no scraper for it: its sessions wait for bots, which have named it. */
  botsOnly?: true;
  config: ScraperConfig;
  /** How many enabled portals it reads. */
  portalCount: number;
}

/** A row of GET /api/portals */
export interface ApiPortal {
  id: string;
  source: string;
  kind: PortalKind;
  name: string;
  state: string;
  county: string | null;
  city: string | null;
  url: string;
  fields: PortalFields;
  signal: Signal | null;
  /** Gap between two requests to its host in ms; null: the source's default. */
  rateLimitMs: number | null;
  origin: PortalOrigin;
  enabled: boolean;
  note: string | null;
}
