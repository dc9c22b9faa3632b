import { ConditionError, columnReader, parseCondition } from './condition.ts';
import type { DemoRow, Publisher } from './publishers.ts';
import { sortRows } from './row-order.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** What one publisher's data answers to the parameters of one request, in its dialect. Pure. */
export function answerOf(publisher: Publisher, rows: readonly DemoRow[], path: string, query: URLSearchParams): Answer {
  try {
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
  } catch (error) {
    if (error instanceof ConditionError) return refusalOf(publisher, error.message);
    throw error;
  }
}

/** A question that cannot be answered, as each dialect tells it: ArcGIS with status 200, CKAN with 409. */
function refusalOf(publisher: Publisher, message: string): Answer {
  switch (publisher.kind) {
    case 'arcgis':
      return {
        status: 200,
        body: { error: { code: 400, message: 'Cannot perform query. Invalid query parameters.', details: [message] } },
      };
    case 'socrata':
      return { status: 400, body: { code: 'query.soql.invalid', error: true, message, data: {} } };
    case 'ckan':
      return {
        status: 409,
        body: { success: false, error: { __type: 'Validation Error', message, query: [message] } },
      };
  }
}

/** An error of the server itself. With `inBody` the status is 200 all the same. */
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
  const where = query.get('where') ?? '';
  if (where.trim() === '' && !query.has('objectIds')) throw new ConditionError("'where' must be specified");
  const ids = query.get('objectIds')?.split(',').map(Number);
  const found = rows
    .filter(parseCondition(publisher, where))
    .filter((row) => ids === undefined || ids.includes(Number(row.OBJECTID)));
  if (query.get('returnCountOnly') === 'true') return { status: 200, body: { count: found.length } };
  if (query.get('returnIdsOnly') === 'true') {
    return { status: 200, body: { objectIdFieldName: 'OBJECTID', objectIds: found.map((row) => row.OBJECTID) } };
  }
  const columns = columnsOf(publisher, query.get('outFields') ?? 'OBJECTID');
  const sorted = sortRows(publisher, found, query.get('orderByFields'));
  const page = slice(sorted, query, { offset: 'resultOffset', limit: 'resultRecordCount' }, publisher.pageCap);
  return {
    status: 200,
    body: {
      objectIdFieldName: 'OBJECTID',
      features: page.rows.map((row) => ({ attributes: project(row, columns) })),
      ...(page.more ? { exceededTransferLimit: true } : {}),
    },
  };
}

const COUNT = /^\s*count\(\*\)(?:\s+as\s+(\w{1,60}))?\s*$/i;

function socrataQuery(publisher: Publisher, rows: readonly DemoRow[], query: URLSearchParams): Answer {
  const found = withText(rows, query.get('$q')).filter(parseCondition(publisher, query.get('$where') ?? ''));
  const count = COUNT.exec(query.get('$select') ?? '');
  if (count) return { status: 200, body: [{ [count[1] ?? 'count']: String(found.length) }] };
  const columns = columnsOf(publisher, query.get('$select'));
  const sorted = sortRows(publisher, found, query.get('$order'));
  const page = slice(sorted, query, { offset: '$offset', limit: '$limit' }, publisher.pageCap);
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
  const matching = filtered(publisher, withText(rows, query.get('q')), query.get('filters'));
  const found = sortRows(publisher, matching, query.get('sort'));
  const page = slice(found, query, { offset: 'offset', limit: 'limit' }, publisher.pageCap, 100);
  const columns = columnsOf(publisher, query.get('fields'));
  const fields = Object.entries(publisher.columns).filter(([name]) => !columns || columns.includes(name));
  return {
    status: 200,
    body: {
      success: true,
      result: {
        resource_id: publisher.slug,
        total: found.length,
        limit: page.limit,
        fields: fields.map(([id, kind]) => ({ id, type: kind === 'id' ? 'int' : 'text' })),
        records: page.rows.map((row) => project(row, columns)),
      },
    },
  };
}

/** Rows that have every word of the text somewhere, as $q and q search. */
function withText(rows: readonly DemoRow[], text: string | null): readonly DemoRow[] {
  const words = text?.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20) ?? [];
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const all = Object.values(row).join(' ').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

function filtered(publisher: Publisher, rows: readonly DemoRow[], filters: string | null): readonly DemoRow[] {
  if (filters === null || filters === '') return rows;
  const wanted = parseFilters(filters).map(([column, value]) => ({
    read: columnReader(publisher, column),
    values: new Set([value].flat().map(String)),
  }));
  return rows.filter((row) => wanted.every(({ read, values }) => values.has(String(read(row)))));
}

function parseFilters(text: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new ConditionError('filters: Cannot parse JSON');
  }
}

/** The rows of one page; like the real ones, the server gives at most its cap and does not say that it lowered the limit. */
function slice(
  rows: readonly DemoRow[],
  query: URLSearchParams,
  names: { offset: string; limit: string },
  cap: number,
  fallback = cap,
) {
  const from = wholeNumber(query, names.offset, 0);
  const limit = Math.min(cap, wholeNumber(query, names.limit, fallback));
  return { rows: rows.slice(from, from + limit), limit, more: from + limit < rows.length };
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null || text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new ConditionError(`'${name}' must be a whole number`);
  return Number(text);
}

/** Null for all columns. @throws ConditionError for one that does not exist. */
function columnsOf(publisher: Publisher, list: string | null): string[] | null {
  if (list === null || list === '' || list === '*') return null;
  const names = list.split(',').map((column) => column.trim().replace(/^[`"](.*)[`"]$/, '$1'));
  for (const name of names) columnReader(publisher, name);
  return names;
}

function project(row: DemoRow, columns: string[] | null): DemoRow {
  return columns ? Object.fromEntries(columns.map((column) => [column, row[column] ?? null])) : row;
}
