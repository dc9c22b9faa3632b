import type { Portal } from '#lib/portals/portal.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { PageSource } from '../page-walk.ts';

export type FetchPage = (url: string, options: FetchPageOptions) => Promise<FetchedPage>;

export interface ReadRequest {
  portal: Portal;
  /** Rows dated before this day are not wanted; also applied by the reader of the rows, since publishers may ignore it. */
  since: Date | null;
  fetchPage: FetchPage;
  /** What `plan` gave at the last checkpoint, so that a resumed session asks in the same way. */
  plan: unknown;
}

/** One publisher's rows, in the words of its dialect. */
export interface Dialect extends PageSource {
  /** How this publisher wants to be asked, found by trying; any JSON. */
  plan(): unknown;
}

/** The columns that a portal's mapping names, each once. */
export function mappedColumns(portal: Portal): string[] {
  const { fields } = portal;
  const contacts = fields.contacts.flatMap((contact) => [
    typeof contact.role === 'object' ? contact.role.field : undefined,
    contact.name,
    contact.company,
    contact.phone,
    contact.email,
  ]);
  const all = [
    fields.id,
    fields.number,
    fields.date,
    fields.description,
    fields.address,
    fields.city,
    fields.zip,
    fields.value,
    ...contacts,
  ];
  return [...new Set(all.flat().filter((column) => column !== undefined))];
}

export function idColumns(portal: Portal): string[] {
  return [portal.fields.id].flat();
}

/** "2026-01-31", in UTC. */
export function isoDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
