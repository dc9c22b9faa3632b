import { BlockedError, LayoutChangedError, PageGoneError, RequestRefusedError } from '#lib/errors.ts';
import type { Portal } from '#lib/portals/portal.ts';
import type { BodyVerdict, FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { asRows, changed, isObject, type JsonObject, parseJsonPage, tryParseJson } from '../json-body.ts';
import type { RawPage, Row, RowKey, WalkPosition } from '../page-walk.ts';
import { type Dialect, idColumns, mappedColumns, type ReadRequest } from './dialect.ts';
import { firstAccepted } from './first-accepted.ts';

const PAGE_ROWS = 1000;

export interface CkanWay {
  /** Ask for the mapped columns only. */
  fields: boolean;
  /** Sort by `_id`, the datastore's own row number: without a sort, pages may overlap. */
  sort: boolean;
}

const WAYS: readonly CkanWay[] = [
  { fields: true, sort: true },
  { fields: false, sort: true },
  { fields: false, sort: false },
];

/** The query of one page (CKAN datastore_search). It has no ranges, so the date is checked on our side. */
export function ckanPageUrl(portal: Portal, way: CkanWay, position: WalkPosition): string {
  const url = new URL(portal.url);
  if (way.fields) url.searchParams.set('fields', ['_id', ...mappedColumns(portal)].join(','));
  if (way.sort) url.searchParams.set('sort', '_id asc');
  url.searchParams.set('limit', String(PAGE_ROWS));
  url.searchParams.set('offset', String(position.offset));
  return url.href;
}

/** The same by SQL, for datastores that ignore `offset`: rows after a row number. */
export function ckanSqlUrl(portal: Portal, after: RowKey | null): string {
  const base = new URL(portal.url);
  const url = new URL(base.href.split('?')[0]?.replace(/datastore_search\/?$/, 'datastore_search_sql') ?? base.href);
  const resource = (base.searchParams.get('resource_id') ?? '').replaceAll('"', '""');
  const columns = ['_id', ...mappedColumns(portal)].map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
  const condition = after === null ? '' : ` WHERE "_id" > ${Number(after)}`;
  url.searchParams.set('sql', `SELECT ${columns} FROM "${resource}"${condition} ORDER BY "_id" ASC LIMIT ${PAGE_ROWS}`);
  return url.href;
}

/** Row numbers asked for at once where a datastore knows neither offsets nor SQL; an address holds this many. */
const ID_WINDOW = 100;
/** Windows without a row before a gap in the row numbers is given up on. */
const EMPTY_WINDOWS_MAX = 20;

/** The rows with the next row numbers, by exact filters: the one condition that every datastore_search has. */
export function ckanWindowUrl(portal: Portal, after: number): string {
  const url = new URL(portal.url);
  const ids = Array.from({ length: ID_WINDOW }, (_, index) => after + 1 + index);
  url.searchParams.set('filters', JSON.stringify({ _id: ids }));
  url.searchParams.set('sort', '_id asc');
  url.searchParams.set('limit', String(ID_WINDOW));
  return url.href;
}

/** CKAN tells failures as {success: false, error}, at times with status 200. */
export function inspectCkanBody(text: string): BodyVerdict {
  const body = tryParseJson(text);
  if (!isObject(body) || body.success !== false) return { kind: 'ok' };
  const error = isObject(body.error) ? body.error : {};
  const type = String(error.__type ?? '');
  const reason = `${type} ${String(error.message ?? JSON.stringify(body.error ?? ''))}`.trim();
  if (/rate|throttl|too.?many/i.test(type)) return { kind: 'throttled', reason };
  if (/internal|timeout|unavailable|search.?(?:index|error)/i.test(type) || type === '')
    return { kind: 'retry', reason };
  return { kind: 'refused', reason };
}

/** The result of an answer. @throws LayoutChangedError when it holds no records. */
export function parseCkanResult(page: FetchedPage): { rows: Row[]; total: number | null; columns: string[] | null } {
  const body = parseJsonPage(page);
  const result: JsonObject | null = isObject(body) && isObject(body.result) ? body.result : null;
  const rows = asRows(result?.records);
  if (result === null || rows === null) throw changed(page, 'its answer has no result.records');
  const exact = result.total_was_estimated !== true;
  const total = exact && typeof result.total === 'number' ? result.total : null;
  const fields = asRows(result.fields);
  return { rows, total, columns: fields ? fields.map((field) => String(field.id)) : null };
}

/** Reads a CKAN datastore resource. */
export class CkanDialect implements Dialect {
  readonly keysRepeat = false;
  readonly #request: ReadRequest;
  #way: CkanWay | null;
  #hasRowNumbers = true;
  #sql = true;

  constructor(request: ReadRequest) {
    this.#request = request;
    this.#way = isWay(request.plan) ? request.plan : null;
  }

  plan(): unknown {
    return this.#way;
  }

  async fetchAt(position: WalkPosition): Promise<RawPage> {
    const { portal } = this.#request;
    if (position.mode === 'keyset') return await this.#fetchAfter(position);
    if (this.#way !== null) return this.#toPage(await this.#fetch(ckanPageUrl(portal, this.#way, position)), true);
    const { index, answer } = await firstAccepted(WAYS, (way) => this.#fetch(ckanPageUrl(portal, way, position)));
    this.#way = WAYS[index] ?? null;
    this.#checkColumns(answer);
    return this.#toPage(answer, true);
  }

  keyOf(row: Row): RowKey | null {
    return typeof row._id === 'number' ? row._id : null;
  }

  canKeyset(): boolean {
    return this.#hasRowNumbers;
  }

  async count(): Promise<number | null> {
    return null;
  }

  /** By SQL, which sites may switch off; else by row numbers. */
  async #fetchAfter(position: WalkPosition): Promise<RawPage> {
    const { portal } = this.#request;
    if (this.#sql) {
      try {
        return this.#toPage(await this.#fetch(ckanSqlUrl(portal, position.after)), false);
      } catch (error) {
        const isOff = error instanceof RequestRefusedError || error instanceof PageGoneError;
        if (!isOff && !(error instanceof BlockedError)) throw error;
        this.#sql = false;
      }
    }
    return await this.#fetchWindow(position);
  }

  async #fetchWindow({ after, total }: WalkPosition): Promise<RawPage> {
    const { portal } = this.#request;
    const first = typeof after === 'number' ? after : 0;
    if (total === null) {
      throw new LayoutChangedError(`"${portal.name}" cannot be read completely: it ignores offsets and gives no total`);
    }
    for (let window = 0; ; window += 1) {
      const from = first + window * ID_WINDOW;
      const page = this.#toPage(await this.#fetch(ckanWindowUrl(portal, from)), false);
      if (page.rows.length > 0 || window >= EMPTY_WINDOWS_MAX) return page;
    }
  }

  #fetch(url: string): Promise<FetchedPage> {
    return this.#request.fetchPage(url, { inspectBody: inspectCkanBody });
  }

  #toPage(page: FetchedPage, withTotal: boolean): RawPage {
    const { rows, total } = parseCkanResult(page);
    if (rows.length > 0) this.#hasRowNumbers = rows.every((row) => typeof row._id === 'number');
    const known = withTotal && total !== null ? { total } : {};
    return { rows, more: null, ...known, url: page.url, fetchedAt: page.fetchedAt };
  }

  #checkColumns(page: FetchedPage): void {
    const { rows, columns } = parseCkanResult(page);
    if (rows.length === 0 && columns === null) return;
    const { portal } = this.#request;
    const known = new Set([...(columns ?? []), ...rows.flatMap(Object.keys)]);
    if (known.size === 0) return;
    const missing = [...idColumns(portal), portal.fields.date].find((column) => !known.has(column));
    if (missing === undefined) return;
    throw new LayoutChangedError(`"${portal.name}" has no column "${missing}" any more`, {
      context: { url: page.url, column: missing },
    });
  }
}

function isWay(plan: unknown): plan is CkanWay {
  return isObject(plan) && typeof plan.fields === 'boolean' && typeof plan.sort === 'boolean';
}
