import type { Portal } from '#lib/portals/portal.ts';
import type { RowKey, WalkPosition } from '../page-walk.ts';
import { isoDay } from './dialect.ts';

/** How a date is written in a condition; `none` reads everything and leaves the date to us. */
export type DateForm = 'date' | 'timestamp' | 'none';

/** How a layer wants to be asked. */
export interface ArcgisWay {
  date: DateForm;
  /** Some databases answer 400 for any orderByFields. */
  order: boolean;
}

export interface ArcgisQuery {
  columns: string[];
  dateColumn: string;
  objectId: string | null;
  pageRows: number;
  since: Date | null;
}

/** The ways to try, best first, for a date column of this type. */
export function arcgisWays(dateType: string | null, since: Date | null): ArcgisWay[] {
  const forms = since === null ? (['none'] as const) : dateForms(dateType);
  const ordered = forms.map((date) => ({ date, order: true }));
  return [...ordered, ...forms.map((date) => ({ date, order: false }))];
}

function dateForms(dateType: string | null): DateForm[] {
  if (dateType === null || /date|timestamp/i.test(dateType)) return ['date', 'timestamp', 'none'];
  // Texts compare letter by letter, numbers may be epoch ms, seconds or yyyymmdd: only our own look is safe.
  return ['none'];
}

/** The address of LAYER/query with these parameters. */
export function arcgisQueryUrl(portal: Portal, parameters: Record<string, string>): string {
  const url = new URL(`${portal.url}/query`);
  for (const [name, value] of Object.entries({ ...parameters, f: 'json' })) url.searchParams.set(name, value);
  return url.href;
}

export function arcgisWhere(query: ArcgisQuery, way: ArcgisWay, after: RowKey | null): string {
  const conditions = [dateCondition(query, way.date)];
  if (after !== null && query.objectId !== null) conditions.push(`${query.objectId} > ${Number(after)}`);
  const set = conditions.filter((condition) => condition !== null);
  return set.length > 0 ? set.join(' AND ') : '1=1';
}

function dateCondition({ since, dateColumn }: ArcgisQuery, form: DateForm): string | null {
  if (since === null || form === 'none') return null;
  const literal = form === 'date' ? `DATE '${isoDay(since)}'` : `timestamp '${isoDay(since)} 00:00:00'`;
  return `${dateColumn} >= ${literal}`;
}

/** The query of one page (ArcGIS REST, Query (Feature Service/Layer)). */
export function arcgisPageParameters(
  query: ArcgisQuery,
  way: ArcgisWay,
  position: WalkPosition,
): Record<string, string> {
  return {
    where: arcgisWhere(query, way, position.after),
    outFields: query.columns.join(','),
    returnGeometry: 'false',
    ...(way.order && query.objectId !== null ? { orderByFields: `${query.objectId} ASC` } : {}),
    ...(position.mode === 'offset' ? { resultOffset: String(position.offset) } : {}),
    resultRecordCount: String(query.pageRows),
  };
}
