import type { BodyVerdict, FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { asRows, changed, isObject, type JsonObject, parseJsonPage, tryParseJson } from '../json-body.ts';
import type { Row } from '../page-walk.ts';

/** What a layer says of itself. */
export interface LayerInfo {
  /** The name of the object id column as this server spells it; null where it does not say. */
  objectId: string | null;
  maxRecordCount: number | null;
  /** Column name → esriFieldType…; null where the layer lists no fields. */
  fieldTypes: Map<string, string> | null;
  pagination: boolean;
}

/** The error code in a body of status 200; null where there is no error. */
export function arcgisErrorCode(text: string): number | null {
  const body = tryParseJson(text);
  if (!isObject(body) || body.error === undefined || body.error === null) return null;
  const code = isObject(body.error) ? Number(body.error.code) : Number.NaN;
  return Number.isFinite(code) ? code : 0;
}

/** ArcGIS reports errors with status 200: {"error":{"code","message","details"}}. */
export function inspectArcgisBody(text: string): BodyVerdict {
  const code = arcgisErrorCode(text);
  if (code === null) return { kind: 'ok' };
  const body = tryParseJson(text);
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  const details = Array.isArray(error.details) ? error.details.join(' ') : '';
  const reason = [code, error.message, details].filter((part) => part !== undefined && part !== '').join(' ');
  if (code === 498 || code === 499) return { kind: 'refused', reason: `${reason} (the layer wants a sign-in)` };
  if (code === 429) return { kind: 'throttled', reason };
  if (code >= 500 || code === 0 || code === 408) return { kind: 'retry', reason };
  return { kind: 'refused', reason };
}

/** Reads LAYER?f=json. @throws LayoutChangedError when the answer is no object. */
export function parseLayerInfo(page: FetchedPage): LayerInfo {
  const body = parseJsonPage(page);
  if (!isObject(body)) throw changed(page, 'its answer is no layer description');
  const fields = asRows(body.fields);
  const typed = fields?.map((field): [string, string] => [String(field.name), String(field.type)]) ?? [];
  const objectIdField = typed.find(([, type]) => type === 'esriFieldTypeOID')?.[0];
  const named = typeof body.objectIdField === 'string' && body.objectIdField !== '' ? body.objectIdField : null;
  const advanced = isObject(body.advancedQueryCapabilities) ? body.advancedQueryCapabilities : {};
  return {
    objectId: named ?? objectIdField ?? null,
    maxRecordCount: typeof body.maxRecordCount === 'number' && body.maxRecordCount > 0 ? body.maxRecordCount : null,
    fieldTypes: typed.length > 0 ? new Map(typed) : null,
    pagination: advanced.supportsPagination !== false,
  };
}

/** The rows of a query. @throws LayoutChangedError when it has no features. */
export function parseFeatures(page: FetchedPage): { rows: Row[]; more: boolean | null; objectId: string | null } {
  const body = parseJsonPage(page);
  const features = isObject(body) ? asRows(body.features) : null;
  if (!isObject(body) || features === null) throw changed(page, 'its answer has no features');
  const rows = features.map((feature) => feature.attributes ?? feature.properties);
  if (!rows.every(isObject)) throw changed(page, 'its features have no attributes');
  return {
    rows,
    more: exceeded(body),
    objectId: typeof body.objectIdFieldName === 'string' ? body.objectIdFieldName : null,
  };
}

/** Newer servers put the flag into `properties`. */
function exceeded(body: JsonObject): boolean | null {
  const properties = isObject(body.properties) ? body.properties : {};
  const flag = body.exceededTransferLimit ?? properties.exceededTransferLimit;
  return typeof flag === 'boolean' ? flag : null;
}

/** The number in a returnCountOnly answer; null for servers that answer something else. */
export function parseCount(page: FetchedPage): number | null {
  const body = tryParseJson(page.text);
  return isObject(body) && typeof body.count === 'number' ? body.count : null;
}
