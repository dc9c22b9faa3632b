import { LayoutChangedError } from '#lib/errors.ts';

/** One record of a publisher: column → value. */
export type Row = Record<string, unknown>;

/** Orders the rows of a publisher: an object id, a system row id, or a mapped column. */
export type RowKey = string | number;

/** Where a walk stands. Kept in the session's cursor as JSON, so a killed session resumes at the page it reached. */
export interface WalkPosition {
  /** `offset` skips rows; `keyset` asks for rows after a key, for publishers that ignore offsets. */
  mode: 'offset' | 'keyset';
  offset: number;
  after: RowKey | null;
  /** Distinct rows received so far in this mode. */
  rows: number;
  /** Rows that the publisher says there are; null where it does not say. */
  total: number | null;
}

/** One answer of a publisher. */
export interface RawPage {
  rows: Row[];
  /** What the publisher says about further rows; null where it does not say. */
  more: boolean | null;
  /** Set where every answer carries the number of all rows. */
  total?: number;
  /** Set by a dialect that knows that nothing wanted can follow. */
  end?: boolean;
  url: string;
  fetchedAt: Date;
}

/** What a dialect offers to the walk. */
export interface PageSource {
  fetchAt(position: WalkPosition): Promise<RawPage>;
  /** A key that is unique and ordered like the answers; null where a row has none. */
  keyOf(row: Row): RowKey | null;
  /** True where two rows may share a key, so that a keyset page begins with rows already read. */
  keysRepeat: boolean;
  canKeyset(): boolean;
  /** How many rows match, asked of the publisher in its own request; null where it cannot tell. */
  count(): Promise<number | null>;
}

export interface RowPage {
  rows: Row[];
  url: string;
  fetchedAt: Date;
  /** Where a next attempt goes on once these rows are saved; null after the last page. */
  next: WalkPosition | null;
  /** Distinct rows received so far, those of this page included. */
  rowsSoFar: number;
  total: number | null;
}

export const WALK_START: WalkPosition = { mode: 'offset', offset: 0, after: null, rows: 0, total: null };

export type WalkStep =
  | { kind: 'next'; position: WalkPosition }
  | { kind: 'done' }
  /** Rows are missing and this mode cannot get at them. */
  | { kind: 'stuck'; reason: string };

export interface WalkFacts {
  position: WalkPosition;
  received: number;
  /** Rows of the page that no earlier page of this walk had. */
  fresh: number;
  more: boolean | null;
  total: number | null;
  lastKey: RowKey | null;
  keysRepeat: boolean;
}

/**
 * What follows a page. Advances by what was received, never by what was asked for: servers cap pages silently. Only an
 * empty page, a reached total, or a repetition ends a walk; a short page alone means nothing.
 */
export function nextStep(facts: WalkFacts): WalkStep {
  const { position, received, fresh, more, total } = facts;
  const rows = position.rows + fresh;
  const complete = total !== null && rows >= total;
  const missing = total !== null && rows < total;
  if (received === 0) {
    return missing ? { kind: 'stuck', reason: `${rows} of ${total} rows came, then an empty page` } : { kind: 'done' };
  }
  if (complete && more !== true) return { kind: 'done' };
  if (fresh === 0) {
    if (complete || (position.mode === 'keyset' && facts.keysRepeat && !missing)) return { kind: 'done' };
    return { kind: 'stuck', reason: `the same ${received} rows came again` };
  }
  if (position.mode === 'offset') {
    return { kind: 'next', position: { ...position, rows, total, offset: position.offset + received } };
  }
  if (facts.lastKey === null) return { kind: 'stuck', reason: 'the rows carry no id to go on from' };
  return { kind: 'next', position: { ...position, rows, total, after: facts.lastKey } };
}

/**
 * Reads all rows of a publisher, each once. Falls back from offsets to keys where offsets are ignored or lose rows.
 * @throws LayoutChangedError when rows are missing and neither way gets at them: never silently incomplete.
 */
export async function* walkPages(source: PageSource, start: WalkPosition): AsyncGenerator<RowPage> {
  let position = start;
  let seen = new Set<string>();
  for (;;) {
    const page = await source.fetchAt(position);
    const rows = takeFresh(page.rows, seen, source);
    const total = await totalAfter(source, position, page);
    const lastKey = lastKeyOf(page.rows, source);
    const facts = { position, received: page.rows.length, fresh: rows.length, more: page.more, total, lastKey };
    let step: WalkStep = page.end ? { kind: 'done' } : nextStep({ ...facts, keysRepeat: source.keysRepeat });
    const rowsSoFar = position.rows + rows.length;
    if (position.mode === 'keyset') refuseUnordered(position, page, source);
    if (step.kind === 'stuck') step = await unstick(source, position, rowsSoFar, step.reason);
    const next = step.kind === 'next' ? step.position : null;
    yield { rows, url: page.url, fetchedAt: page.fetchedAt, next, rowsSoFar, total };
    if (next === null) return;
    if (next.mode !== position.mode) seen = new Set();
    position = next;
  }
}

async function totalAfter(source: PageSource, position: WalkPosition, page: RawPage): Promise<number | null> {
  if (page.total !== undefined) return page.total;
  if (position.total !== null || position.rows > 0 || page.rows.length === 0) return position.total;
  return await source.count();
}

function takeFresh(rows: Row[], seen: Set<string>, source: PageSource): Row[] {
  return rows.filter((row) => {
    const id = source.keysRepeat ? null : source.keyOf(row);
    const mark = id === null ? JSON.stringify(row) : `#${id}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    return true;
  });
}

function lastKeyOf(rows: Row[], source: PageSource): RowKey | null {
  const last = rows.at(-1);
  return last === undefined ? null : source.keyOf(last);
}

/** Paging by key is only complete where the publisher sorts by it and honours the condition. */
function refuseUnordered(position: WalkPosition, page: RawPage, source: PageSource): void {
  const keys = page.rows.map((row) => source.keyOf(row));
  const numbers = keys.filter((key) => typeof key === 'number');
  if (numbers.length !== keys.length) return;
  const floor = typeof position.after === 'number' ? position.after : Number.NEGATIVE_INFINITY;
  const first = numbers[0];
  const sorted = numbers.every((key, index) => index === 0 || key >= (numbers[index - 1] ?? key));
  const after = first === undefined || (source.keysRepeat ? first >= floor : first > floor);
  if (!sorted || !after) throw incomplete(page.url, 'it ignores offsets, and does not page by row id either');
}

/** The last resorts in turn: rows may have gone meanwhile (count again), else go over to keys, else give up aloud. */
async function unstick(
  source: PageSource,
  position: WalkPosition,
  rowsSoFar: number,
  reason: string,
): Promise<WalkStep> {
  if (position.mode === 'offset' && source.canKeyset()) {
    return { kind: 'next', position: { ...WALK_START, mode: 'keyset', total: position.total } };
  }
  const now = await source.count();
  if (now !== null && rowsSoFar >= now) return { kind: 'done' };
  throw incomplete('the publisher', reason);
}

function incomplete(who: string, reason: string): LayoutChangedError {
  return new LayoutChangedError(`"${who}" cannot be read completely: ${reason}`, { context: { reason } });
}
