import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a publisher misbehaves. */
export interface Manners {
  rows: Record<string, unknown>[];
  /** Rows in one answer, whatever is asked for. */
  cap: number;
  ignoresOffset?: boolean;
  ignoresKeys?: boolean;
  ignoresFilter?: boolean;
  /** CKAN: datastore_search_sql is switched off. */
  noSql?: boolean;
  /** Leaves out counts and more-rows flags. */
  tellsNothing?: boolean;
  /** ArcGIS: exceededTransferLimit is false on every page. */
  saysNoMore?: boolean;
  /** Answers instead of rows: by the number of the data request, counted from 1. */
  interruptions?: Record<number, { status: number; body: string; headers?: Record<string, string> }>;
  /** Refuses queries that contain this text. */
  refuses?: RegExp;
}

export interface BadPublisher {
  origin: string;
  host: string;
  manners: Manners;
  /** Paths with queries, decoded, robots.txt left out. */
  requests: string[];
  close(): Promise<void>;
}

type Answer = { status?: number; body: unknown };
type Dialect = (url: URL, manners: Manners) => Answer;

/** A publisher on loopback that speaks one dialect with the given manners. They may be changed while it runs. */
export async function startBadPublisher(kind: 'socrata' | 'arcgis' | 'ckan', manners: Manners): Promise<BadPublisher> {
  const requests: string[] = [];
  const answer = { socrata: answerSocrata, arcgis: answerArcgis, ckan: answerCkan }[kind];
  const publisher = { manners };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/robots.txt') return void response.writeHead(404).end();
    const shown = decodeURIComponent((request.url ?? '').replaceAll('+', ' '));
    requests.push(shown);
    const interruption = publisher.manners.interruptions?.[requests.length];
    if (interruption) return void response.writeHead(interruption.status, interruption.headers).end(interruption.body);
    const { status = 200, body } = answer(url, publisher.manners);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return { ...withManners(publisher), origin: `http://${host}`, host, requests, close: () => closeServer(server) };
}

function withManners(publisher: { manners: Manners }): { manners: Manners } {
  return publisher;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function cut(rows: Manners['rows'], manners: Manners, asked: number, offset: number): Manners['rows'] {
  const from = manners.ignoresOffset ? 0 : offset;
  return rows.slice(from, from + Math.min(manners.cap, asked));
}

const day = (value: unknown): string =>
  (typeof value === 'number' ? new Date(value).toISOString() : String(value)).slice(0, 10);

function matching(manners: Manners, where: string, key: string, column: string): Manners['rows'] {
  const since = /'(\d{4}-\d{2}-\d{2})/.exec(where)?.[1];
  const [, sign, after] = new RegExp(`${key} (>=?) '?([^' ]+)'?`).exec(where) ?? [];
  return manners.rows.filter((row) => {
    if (since && !manners.ignoresFilter && day(row[column]) < since) return false;
    if (!after || manners.ignoresKeys) return true;
    return sign === '>=' ? compare(row[key], after) >= 0 : compare(row[key], after) > 0;
  });
}

function compare(a: unknown, b: string): number {
  if (typeof a === 'number') return a - Number(b);
  return String(a) < b ? -1 : Number(String(a) > b);
}

const answerSocrata: Dialect = (url, manners) => {
  if (manners.refuses?.test(decodeURIComponent(url.search.replaceAll('+', ' ')))) {
    return { status: 400, body: { errorCode: 'query.soql.no-such-column', message: 'No such column' } };
  }
  const where = url.searchParams.get('$where') ?? '';
  const key = url.searchParams.get('$order')?.split(',')[0] ?? ':id';
  const rows = matching(manners, where, key, 'issued').toSorted((a, b) => compare(a[key], String(b[key])));
  const asked = Number(url.searchParams.get('$limit') ?? 1000);
  return { body: cut(rows, manners, asked, Number(url.searchParams.get('$offset') ?? 0)) };
};

const answerArcgis: Dialect = (url, manners) => {
  const fields = Object.entries(manners.rows[0] ?? {}).map(([name, value]) => ({
    name,
    type:
      name === 'OBJECTID'
        ? 'esriFieldTypeOID'
        : name === 'issued'
          ? 'esriFieldTypeDate'
          : `esriFieldType${typeof value}`,
  }));
  if (!url.pathname.endsWith('/query')) {
    return { body: manners.tellsNothing ? { name: 'Permits' } : { name: 'Permits', fields, maxRecordCount: 1000 } };
  }
  const query = decodeURIComponent(url.search.replaceAll('+', ' '));
  if (manners.refuses?.test(query))
    return { body: { error: { code: 400, message: 'Unable to perform query', details: [] } } };
  const rows = matching(manners, url.searchParams.get('where') ?? '', 'OBJECTID', 'issued');
  if (url.searchParams.get('returnCountOnly') === 'true' && !manners.tellsNothing)
    return { body: { count: rows.length } };
  const offset = Number(url.searchParams.get('resultOffset') ?? 0);
  const page = cut(rows, manners, Number(url.searchParams.get('resultRecordCount') ?? 1000), offset);
  const more = manners.tellsNothing
    ? {}
    : { exceededTransferLimit: !manners.saysNoMore && offset + page.length < rows.length };
  return { body: { features: page.map((attributes) => ({ attributes })), ...more } };
};

const answerCkan: Dialect = (url, manners) => {
  const sql = url.searchParams.get('sql');
  if (sql !== null) {
    const after = Number(/"_id" > (\d+)/.exec(sql)?.[1] ?? -1);
    const rows = manners.rows.filter((row) => Number(row._id) > after);
    if (manners.ignoresKeys || manners.noSql)
      return { status: 400, body: { success: false, error: { __type: 'Validation Error' } } };
    return { body: { success: true, result: { records: rows.slice(0, manners.cap) } } };
  }
  const filters = JSON.parse(url.searchParams.get('filters') ?? 'null') as { _id: number[] } | null;
  const wanted = manners.ignoresKeys ? null : filters;
  const records = cut(
    wanted ? manners.rows.filter((row) => wanted._id.includes(Number(row._id))) : manners.rows,
    manners,
    Number(url.searchParams.get('limit') ?? 100),
    Number(url.searchParams.get('offset') ?? 0),
  );
  const total = manners.tellsNothing ? {} : { total: manners.rows.length };
  return { body: { success: true, result: { records, ...total } } };
};
