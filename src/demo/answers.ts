import { ConditionError, parseCondition } from './condition.ts';
import type { DemoRow, Publisher } from './publishers.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** What one publisher's data answers to the parameters of one request, in its dialect. Pure. */
export function answerOf(publisher: Publisher, rows: readonly DemoRow[], path: string, query: URLSearchParams): Answer {
  switch (publisher.kind) {
    case 'arcgis':
      return path.endsWith('/query')
        ? arcgisQuery(publisher, rows, query)
        : { status: 200, body: layerInfo(publisher) };
    case 'socrata':
      return socrataQuery(publisher, rows, query);
    case 'ckan':
      return ckanSearch(publisher, rows, query);
  }
}

/** An error of the server itself, as each dialect tells it. ArcGIS does so with status 200; CKAN at times. */
export function failureOf(publisher: Publisher, status: number, message: string, inBody: boolean): Answer {
  switch (publisher.kind) {
    case 'arcgis':
      return { status: inBody ? 200 : status, body: { error: { code: status, message, details: [] } } };
    case 'socrata':
      return { status: inBody ? 200 : status, body: { code: String(status), error: true, message } };
    case 'ckan':
      return { status: inBody ? 200 : status, body: { success: false, error: { __type: 'Internal Error', message } } };
  }
}

const ESRI_TYPES = {
  id: 'esriFieldTypeOID',
  text: 'esriFieldTypeString',
  number: 'esriFieldTypeDouble',
  date: 'esriFieldTypeDate',
} as const;

function layerInfo(publisher: Publisher): unknown {
  return {
    currentVersion: 11.1,
    id: 0,
    name: `${publisher.name} permits (demo)`,
    type: 'Table',
    objectIdField: 'OBJECTID',
    maxRecordCount: publisher.pageCap,
    advancedQueryCapabilities: { supportsPagination: true, supportsOrderBy: true },
    fields: Object.entries(publisher.columns).map(([name, kind]) => ({ name, alias: name, type: ESRI_TYPES[kind] })),
  };
}

function arcgisQuery(publisher: Publisher, rows: readonly DemoRow[], query: URLSearchParams): Answer {
  const found = select(publisher, rows, query.get('where') ?? '');
  if (found instanceof ConditionError) return failureOf(publisher, 400, found.message, true);
  if (query.get('returnCountOnly') === 'true') return { status: 200, body: { count: found.length } };
  if (query.get('returnIdsOnly') === 'true') {
    return { status: 200, body: { objectIdFieldName: 'OBJECTID', objectIds: found.map((row) => row.OBJECTID) } };
  }
  const page = slice(found, query.get('resultOffset'), query.get('resultRecordCount'), publisher.pageCap);
  const columns = columnsOf(query.get('outFields'));
  return {
    status: 200,
    body: {
      objectIdFieldName: 'OBJECTID',
      features: page.rows.map((row) => ({ attributes: project(row, columns) })),
      ...(page.more ? { exceededTransferLimit: true } : {}),
    },
  };
}

function socrataQuery(publisher: Publisher, rows: readonly DemoRow[], query: URLSearchParams): Answer {
  const columns = columnsOf(query.get('$select'));
  const unknown = columns?.find((column) => !(column in publisher.columns) && !column.startsWith(':'));
  if (unknown) return failureOf(publisher, 400, `No such column: ${unknown}`, false);
  const found = select(publisher, rows, query.get('$where') ?? '');
  if (found instanceof ConditionError) return failureOf(publisher, 400, found.message, false);
  const page = slice(found, query.get('$offset'), query.get('$limit') ?? '1000', publisher.pageCap);
  // Socrata leaves empty columns out of a row.
  const body = page.rows.map((row) =>
    Object.fromEntries(Object.entries(project(withSystemId(row), columns)).filter(([, value]) => value !== null)),
  );
  return { status: 200, body };
}

function withSystemId(row: DemoRow): DemoRow {
  return { ':id': row.row_id ?? null, ...row };
}

function ckanSearch(publisher: Publisher, rows: readonly DemoRow[], query: URLSearchParams): Answer {
  const found = filtered(rows, query.get('filters'));
  if (found === null) return failureOf(publisher, 409, 'filters: Cannot parse JSON', false);
  const page = slice(found, query.get('offset'), query.get('limit') ?? '100', publisher.pageCap);
  const columns = columnsOf(query.get('fields'));
  const fields = Object.entries(publisher.columns).filter(([name]) => !columns || columns.includes(name));
  return {
    status: 200,
    body: {
      success: true,
      result: {
        resource_id: publisher.slug,
        total: found.length,
        limit: page.rows.length,
        fields: fields.map(([id, kind]) => ({ id, type: kind === 'id' ? 'int' : 'text' })),
        records: page.rows.map((row) => project(row, columns)),
      },
    },
  };
}

function filtered(rows: readonly DemoRow[], filters: string | null): readonly DemoRow[] | null {
  if (filters === null) return rows;
  try {
    const wanted = Object.entries(JSON.parse(filters) as Record<string, unknown>);
    return rows.filter((row) => wanted.every(([column, value]) => [value].flat().includes(row[column])));
  } catch {
    return null;
  }
}

function select(publisher: Publisher, rows: readonly DemoRow[], where: string): readonly DemoRow[] | ConditionError {
  try {
    return rows.filter(parseCondition(publisher, where));
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
}

function slice(rows: readonly DemoRow[], offset: string | null, limit: string | null, cap: number) {
  const from = wholeNumber(offset, 0);
  const size = Math.min(cap, wholeNumber(limit, cap));
  return { rows: rows.slice(from, from + size), more: from + size < rows.length };
}

function wholeNumber(text: string | null, fallback: number): number {
  const number = Number(text ?? fallback);
  return Number.isInteger(number) && number >= 0 ? number : fallback;
}

/** Null for all columns. */
function columnsOf(list: string | null): string[] | null {
  if (list === null || list === '' || list === '*') return null;
  return list.split(',').map((column) => column.trim().replace(/^[`"](.*)[`"]$/, '$1'));
}

function project(row: DemoRow, columns: string[] | null): DemoRow {
  return columns ? Object.fromEntries(columns.map((column) => [column, row[column] ?? null])) : row;
}
