import { LayoutChangedError, RequestRefusedError } from '#lib/errors.ts';
import type { BodyVerdict, FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { isObject } from '../json-body.ts';
import type { RawPage, Row, RowKey, WalkPosition } from '../page-walk.ts';
import {
  arcgisErrorCode,
  inspectArcgisBody,
  type LayerInfo,
  parseCount,
  parseFeatures,
  parseLayerInfo,
} from './arcgis-answers.ts';
import {
  type ArcgisQuery,
  type ArcgisWay,
  arcgisPageParameters,
  arcgisQueryUrl,
  arcgisWays,
  arcgisWhere,
} from './arcgis-query.ts';
import { type Dialect, idColumns, mappedColumns, type ReadRequest } from './dialect.ts';
import { firstAccepted } from './first-accepted.ts';

const PAGE_ROWS_MAX = 2000;
const PAGE_ROWS_DEFAULT = 1000;
const SIGN_IN_CODES = [403, 498, 499];

/** Reads an ArcGIS layer or table. */
export class ArcgisDialect implements Dialect {
  readonly keysRepeat = false;
  readonly #request: ReadRequest;
  #way: ArcgisWay | null;
  #layer: LayerInfo | null = null;
  #objectId: string | null = null;
  #errorCode: number | null = null;

  constructor(request: ReadRequest) {
    this.#request = request;
    this.#way = isWay(request.plan) ? request.plan : null;
  }

  plan(): unknown {
    return this.#way;
  }

  async fetchAt(position: WalkPosition): Promise<RawPage> {
    const layer = await this.#describe();
    const query = this.#query(layer);
    const ways = this.#way ? [this.#way] : arcgisWays(this.#dateType(layer), query.since);
    const { index, answer } = await firstAccepted(
      ways,
      (way) => this.#fetch(arcgisQueryUrl(this.#request.portal, arcgisPageParameters(query, way, position))),
      () => !SIGN_IN_CODES.includes(this.#errorCode ?? 0),
    );
    this.#way = ways[index] ?? null;
    const { rows, more, objectId } = parseFeatures(answer);
    this.#objectId ??= objectId ?? guessObjectId(rows[0]);
    this.#checkColumns(answer, rows);
    return { rows, more, url: answer.url, fetchedAt: answer.fetchedAt };
  }

  keyOf(row: Row): RowKey | null {
    const value = this.#objectId === null ? undefined : row[this.#objectId];
    return typeof value === 'number' || typeof value === 'string' ? value : null;
  }

  canKeyset(): boolean {
    return this.#objectId !== null;
  }

  /** Counts the rows of the same condition; null for servers that cannot. */
  async count(): Promise<number | null> {
    if (this.#way === null || this.#layer === null) return null;
    const where = arcgisWhere(this.#query(this.#layer), this.#way, null);
    try {
      return parseCount(await this.#fetch(arcgisQueryUrl(this.#request.portal, { where, returnCountOnly: 'true' })));
    } catch (error) {
      if (error instanceof RequestRefusedError) return null;
      throw error;
    }
  }

  async #describe(): Promise<LayerInfo> {
    if (this.#layer === null) {
      const url = new URL(this.#request.portal.url);
      url.searchParams.set('f', 'json');
      this.#layer = parseLayerInfo(await this.#fetch(url.href));
      this.#objectId = this.#layer.objectId;
    }
    return this.#layer;
  }

  #query(layer: LayerInfo): ArcgisQuery {
    const { portal, since } = this.#request;
    return {
      columns: this.#columns(layer),
      dateColumn: spelling(layer, portal.fields.date) ?? portal.fields.date,
      objectId: this.#objectId,
      pageRows: Math.min(layer.maxRecordCount ?? PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX),
      since,
    };
  }

  /** Only columns that exist: one unknown name would make the server refuse the whole query. */
  #columns(layer: LayerInfo): string[] {
    const { portal } = this.#request;
    for (const column of [...idColumns(portal), portal.fields.date]) {
      if (layer.fieldTypes && spelling(layer, column) === undefined) throw this.#missing(column, portal.url);
    }
    const wanted = mappedColumns(portal);
    const existing = layer.fieldTypes ? wanted.map((column) => spelling(layer, column)) : wanted;
    return [...new Set([this.#objectId, ...existing])].filter((column) => typeof column === 'string');
  }

  #dateType(layer: LayerInfo): string | null {
    const column = spelling(layer, this.#request.portal.fields.date);
    return column === undefined ? null : (layer.fieldTypes?.get(column) ?? null);
  }

  /** The columns of rows bear the server's spelling; a public view may hide all but the object id. */
  #checkColumns(page: FetchedPage, rows: Row[]): void {
    if (rows.length === 0) return;
    const known = new Set(rows.flatMap(Object.keys).map((column) => column.toLowerCase()));
    const { portal } = this.#request;
    const missing = [...idColumns(portal), portal.fields.date].find((column) => !known.has(column.toLowerCase()));
    if (missing !== undefined) throw this.#missing(missing, page.url);
  }

  #missing(column: string, url: string): LayoutChangedError {
    return new LayoutChangedError(`"${this.#request.portal.name}" has no column "${column}" any more`, {
      context: { url, column },
    });
  }

  #fetch(url: string): Promise<FetchedPage> {
    this.#errorCode = null;
    const inspectBody = (text: string): BodyVerdict => {
      this.#errorCode = arcgisErrorCode(text);
      return inspectArcgisBody(text);
    };
    return this.#request.fetchPage(url, { inspectBody });
  }
}

/** The column as the layer spells it: databases behind ArcGIS ignore case, its JSON does not. */
function spelling(layer: LayerInfo, column: string): string | undefined {
  const names = [...(layer.fieldTypes?.keys() ?? [])];
  return names.find((name) => name === column) ?? names.find((name) => name.toLowerCase() === column.toLowerCase());
}

/** Servers that name no object id mostly call it so. */
function guessObjectId(row: Row | undefined): string | null {
  return Object.keys(row ?? {}).find((column) => /^(?:objectid|esri_oid|fid)$/i.test(column)) ?? null;
}

function isWay(plan: unknown): plan is ArcgisWay {
  return isObject(plan) && typeof plan.date === 'string' && typeof plan.order === 'boolean';
}
