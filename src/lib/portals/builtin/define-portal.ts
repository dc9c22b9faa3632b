import type { PortalKind, Signal } from '../../db/schema/vocabulary.ts';
import type { Portal, PortalContact, PortalFields } from '../portal.ts';
import { portalId } from '../portal-id.ts';

export interface PortalDefinition {
  name: string;
  state: string;
  county?: string;
  city?: string;
  url: string;
  fields: Omit<PortalFields, 'contacts'> & { contacts?: PortalContact[] };
  signal?: Signal;
  rateLimitMs?: number;
  /** What a person should know of it, such as that it is no longer updated. */
  note?: string;
}

/** A portal that is shipped with the code, in full. */
export function definePortal(kind: PortalKind, definition: PortalDefinition): Portal {
  const { fields } = definition;
  return {
    id: portalId(definition),
    source: 'permits',
    kind,
    name: definition.name,
    state: definition.state,
    county: definition.county ?? null,
    city: definition.city ?? null,
    url: definition.url,
    fields: { ...fields, contacts: fields.contacts ?? [] },
    signal: definition.signal ?? null,
    rateLimitMs: definition.rateLimitMs ?? null,
    origin: 'builtin',
    enabled: true,
    note: definition.note ?? null,
  };
}

export const arcgis = (definition: PortalDefinition): Portal => definePortal('arcgis', definition);
export const ckan = (definition: PortalDefinition): Portal => definePortal('ckan', definition);

/** A resource of a Socrata site by its four-by-four id. */
export function socrata(domain: string, id: string, definition: Omit<PortalDefinition, 'url'>): Portal {
  return definePortal('socrata', { ...definition, url: `https://${domain}/resource/${id}.json` });
}

/** The columns of the BLDS standard (permitdata.org), which several cities publish under the same names. */
export const BLDS = {
  id: 'permitnum',
  number: 'permitnum',
  date: 'issueddate',
  description: 'description',
  address: 'originaladdress1',
} as const;
