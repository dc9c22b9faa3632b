import type { PortalKind } from '../db/schema/vocabulary.ts';
import { trimEndOf } from '../trim-end-of.ts';

export type PortalUrlVerdict = { ok: true; url: string } | { ok: false; reason: string };

/**
 * Brings a portal's address into the form that its dialect builds on: a SODA resource ending in .json, an ArcGIS layer
 * without /query, a CKAN datastore_search with nothing but its resource_id. Other query parameters are dropped, a
 * token in them would else be stored in clear.
 */
export function normalizePortalUrl(kind: PortalKind, text: string): PortalUrlVerdict {
  const url = URL.parse(text.trim());
  if (!url) return refuse(`"${text}" is not an absolute URL`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refuse(`must be http or https, not "${url.protocol.slice(0, -1)}"`);
  }
  if (url.username !== '' || url.password !== '') return refuse('must not carry a user name or password');
  url.hash = '';
  if (kind === 'ckan') return normalizeCkan(url);
  url.search = '';
  url.pathname = trimEndOf(url.pathname, '/');
  return kind === 'socrata' ? normalizeSocrata(url) : normalizeArcgis(url);
}

function normalizeSocrata(url: URL): PortalUrlVerdict {
  const last = url.pathname.split('/').at(-1) ?? '';
  if (last === '') return refuse('must be a SODA resource such as https://data.example.gov/resource/abcd-1234.json');
  url.pathname = `${url.pathname.replace(/\.(?:json|csv|geojson|xml)$/i, '')}.json`;
  return { ok: true, url: url.href };
}

function normalizeArcgis(url: URL): PortalUrlVerdict {
  url.pathname = url.pathname.replace(/\/query$/i, '');
  if (/\/(?:FeatureServer|MapServer)$/i.test(url.pathname)) {
    return refuse('names the service but not the layer; add its number, such as …/FeatureServer/0');
  }
  if (url.pathname === '/' || url.pathname === '') {
    return refuse(
      'must be an ArcGIS layer such as https://gis.example.gov/arcgis/rest/services/Permits/FeatureServer/0',
    );
  }
  return { ok: true, url: url.href };
}

function normalizeCkan(url: URL): PortalUrlVerdict {
  const resourceId = url.searchParams.get('resource_id')?.trim();
  if (!resourceId) {
    return refuse(
      'must carry the resource, such as https://data.example.gov/api/3/action/datastore_search?resource_id=…',
    );
  }
  url.search = new URLSearchParams({ resource_id: resourceId }).toString();
  return { ok: true, url: url.href };
}

const refuse = (reason: string): PortalUrlVerdict => ({ ok: false, reason });
