import { LayoutChangedError } from '#lib/errors.ts';
import type { Portal } from '#lib/portals/portal.ts';
import type { BodyVerdict, FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { asRows, changed, isObject, parseJsonPage, tryParseJson } from '../json-body.ts';
import type { RawPage, Row, RowKey, WalkPosition } from '../page-walk.ts';
import { type Dialect, idColumns, isoDay, mappedColumns, type ReadRequest } from './dialect.ts';
import { firstAccepted } from './first-accepted.ts';

/** Well under the 50,000 that SODA 2.0 allows: a page is parsed at once and repeated after a kill. */
const PAGE_ROWS = 1000;

/** How a resource is asked. The later ways are for publishers that refuse the earlier. */
export interface SocrataWay {
  /** Ask for the mapped columns and the system row id only. */
  select: boolean;
  /** Order by the system row id `:id`; else by the first mapped id column. */
  systemId: boolean;
  filter: boolean;
}

const WAYS: readonly SocrataWay[] = [
  { select: true, systemId: true, filter: true },
  { select: false, systemId: true, filter: true },
  { select: false, systemId: false, filter: true },
  { select: false, systemId: false, filter: false },
];

/** The query of one page (SODA 2.1, https://dev.socrata.com/docs/queries/). Without $order the order is undefined. */
export function socrataPageUrl(portal: Portal, since: Date | null, way: SocrataWay, position: WalkPosition): string {
  const url = new URL(portal.url);
  const order = way.systemId ? [':id'] : idColumns(portal);
  const key = order[0] ?? ':id';
  const conditions = [
    way.filter && since !== null ? `${portal.fields.date} >= '${isoDay(since)}T00:00:00'` : null,
    position.after === null ? null : `${key} ${way.systemId ? '>' : '>='} ${quote(position.after)}`,
  ].filter((condition) => condition !== null);
  if (way.select) url.searchParams.set('$select', [':id', ...mappedColumns(portal)].join(','));
  if (conditions.length > 0) url.searchParams.set('$where', conditions.join(' AND '));
  url.searchParams.set('$order', order.join(','));
  url.searchParams.set('$limit', String(PAGE_ROWS));
  if (position.mode === 'offset') url.searchParams.set('$offset', String(position.offset));
  return url.href;
}

const quote = (value: RowKey): string =>
  typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;

/** Socrata's errors are objects; its rows are always an array, empty when there are none. */
export function inspectSocrataBody(text: string): BodyVerdict {
  if (!/^\s*\{/.test(text)) return { kind: 'ok' };
  const body = tryParseJson(text);
  if (!isObject(body)) return { kind: 'ok' };
  const isError = body.error !== undefined || body.errorCode !== undefined || body.code !== undefined;
  if (!isError) return { kind: 'ok' };
  const code = String(body.errorCode ?? body.code ?? '');
  const reason = `${code} ${String(body.message ?? body.error)}`.trim();
  if (/throttl|too.?many|429/i.test(code)) return { kind: 'throttled', reason };
  if (/timeout|internal|unavailable|^5\d\d$/i.test(code)) return { kind: 'retry', reason };
  return { kind: 'refused', reason };
}

/** The rows of an answer. @throws LayoutChangedError when it is no array of objects. */
export function parseSocrataRows(page: FetchedPage): Row[] {
  const rows = asRows(parseJsonPage(page));
  if (rows === null) throw changed(page, 'its answer is no list of rows');
  return rows;
}

/** The type of a column as the response headers give it; null where they do not. */
export function socrataColumnType(headers: Record<string, string>, column: string): string | null {
  const fields = tryParseJson(headers['x-soda2-fields'] ?? '');
  const types = tryParseJson(headers['x-soda2-types'] ?? '');
  if (!Array.isArray(fields) || !Array.isArray(types)) return null;
  const index = fields.indexOf(column);
  return index >= 0 && typeof types[index] === 'string' ? types[index] : null;
}

/** Reads a SODA resource. */
export class SocrataDialect implements Dialect {
  readonly #request: ReadRequest;
  #way: SocrataWay | null;

  constructor(request: ReadRequest) {
    this.#request = request;
    this.#way = isWay(request.plan) ? request.plan : null;
  }

  get keysRepeat(): boolean {
    return this.#way?.systemId === false;
  }

  plan(): unknown {
    return this.#way;
  }

  async fetchAt(position: WalkPosition): Promise<RawPage> {
    if (this.#way !== null) return this.#toPage(await this.#fetch(this.#way, position));
    const { index, answer } = await firstAccepted(WAYS, (way) => this.#fetch(way, position));
    this.#way = WAYS[index] ?? null;
    const page = await this.#withoutTextFilter(answer, position);
    const raw = this.#toPage(page);
    this.#checkColumns(page, raw.rows);
    if (!this.#lacksSystemId(raw.rows)) return raw;
    // The first page must come in the order of the following ones.
    this.#way = { select: false, systemId: false, filter: this.#way?.filter ?? false };
    return this.#toPage(await this.#fetch(this.#way, position));
  }

  keyOf(row: Row): RowKey | null {
    const column = this.#way?.systemId === false ? idColumns(this.#request.portal)[0] : ':id';
    const value = column === undefined ? null : row[column];
    return typeof value === 'string' || typeof value === 'number' ? value : null;
  }

  canKeyset(): boolean {
    return true;
  }

  /** Not asked: an empty page ends a resource, and repeated rows tell an ignored offset. */
  async count(): Promise<number | null> {
    return null;
  }

  #fetch(way: SocrataWay, position: WalkPosition): Promise<FetchedPage> {
    const { portal, since, fetchPage } = this.#request;
    return fetchPage(socrataPageUrl(portal, since, way, position), { inspectBody: inspectSocrataBody });
  }

  #toPage(page: FetchedPage): RawPage {
    return { rows: parseSocrataRows(page), more: null, url: page.url, fetchedAt: page.fetchedAt };
  }

  /** A date column of type text compares letter by letter ("03/01/2026" < "2026"): read it unfiltered instead. */
  async #withoutTextFilter(page: FetchedPage, position: WalkPosition): Promise<FetchedPage> {
    const { portal, since } = this.#request;
    const way = this.#way;
    if (since === null || !way?.filter || socrataColumnType(page.headers, portal.fields.date) !== 'text') return page;
    this.#way = { ...way, filter: false };
    return await this.#fetch(this.#way, position);
  }

  /** Not every server that speaks SODA knows `:id`. */
  #lacksSystemId(rows: Row[]): boolean {
    return this.#way?.systemId === true && rows.length > 0 && rows.every((row) => row[':id'] === undefined);
  }

  /** Socrata leaves empty fields out of rows, so only a column that every row lacks and no header names is missing. */
  #checkColumns(page: FetchedPage, rows: Row[]): void {
    if (rows.length === 0) return;
    const { portal } = this.#request;
    const named = tryParseJson(page.headers['x-soda2-fields'] ?? '');
    const known = new Set([...(Array.isArray(named) ? named : []), ...rows.flatMap(Object.keys)]);
    const missing = [...idColumns(portal), portal.fields.date].find((column) => !known.has(column));
    if (missing === undefined) return;
    throw new LayoutChangedError(`"${portal.name}" has no column "${missing}" any more`, {
      context: { url: page.url, column: missing },
    });
  }
}

function isWay(plan: unknown): plan is SocrataWay {
  return isObject(plan) && typeof plan.select === 'boolean' && typeof plan.systemId === 'boolean';
}
