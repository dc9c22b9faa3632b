import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { PageRequest } from './parse-page.ts';
import type { SqlConditions } from './sql-conditions.ts';

/** So many ids are walked through first. */
const FIRST_SPAN = 50_000;
/** A walk that took no longer is followed by one through SPAN_GROWTH times as many ids: ids have large gaps. */
const QUICK_MS = 500;
const SPAN_GROWTH = 4;

/** What is read, and what of it. Columns and conditions name the table by its alias. */
interface NewestFirst {
  table: 'leads' | 'scraping_sessions';
  alias: string;
  columns: string;
  /** New ones for each statement, which adds its own. */
  conditions(): SqlConditions;
  /** True where an index has all that matches: it is asked when the newest rows do not fill the page. */
  isIndexed: boolean;
}

/**
 * The rows below an id, newest first. It walks from the newest on, in ranges of ids, so that no statement takes longer the more
 * rows there are. What an index has and what is rare among the newest is looked up among the others instead.
 */
export async function scanNewest(db: Executor, scan: NewestFirst, { after, limit }: PageRequest): Promise<QueryRow[]> {
  const below = after ?? (await readNewestId(db, scan)) + 1;
  const from = below - FIRST_SPAN;
  const first = await walkRange(db, scan, from, below, limit);
  if (first.length === limit || from <= 0) return first;
  const goOn = scan.isIndexed ? lookUp : walkOn;
  return [...first, ...(await goOn(db, scan, from, limit - first.length))];
}

async function walkOn(db: Executor, scan: NewestFirst, start: number, limit: number): Promise<QueryRow[]> {
  const rows: QueryRow[] = [];
  let span = FIRST_SPAN;
  let below = start;
  while (rows.length < limit && below > 0) {
    const startedAt = performance.now();
    rows.push(...(await walkRange(db, scan, below - span, below, limit - rows.length)));
    below -= span;
    if (performance.now() - startedAt < QUICK_MS) span *= SPAN_GROWTH;
  }
  return rows;
}

/** The newest rows with ids from one to below another. */
async function walkRange(
  db: Executor,
  { table, alias, columns, conditions }: NewestFirst,
  from: number,
  below: number,
  limit: number,
): Promise<QueryRow[]> {
  const id = `${alias}.id`;
  const where = conditions().add(`${id} >= ?`, from).add(`${id} < ?`, below);
  return await db.query(
    `select ${columns} from ${table} ${alias} where ${where} order by ${id} desc limit ${where.bind(limit)}`,
    where.values,
  );
}

/**
 * All matches first, then the newest of them. In one step, the planner would walk the rows from the newest on where it takes what is
 * rare for frequent: it cannot know how rare the beginning of a word is, nor that a queue has been emptied since it looked.
 */
async function lookUp(
  db: Executor,
  { table, alias, columns, conditions }: NewestFirst,
  below: number,
  limit: number,
): Promise<QueryRow[]> {
  const id = `${alias}.id`;
  const where = conditions().add(`${id} < ?`, below);
  return await db.query(
    `with found as materialized (select ${id} from ${table} ${alias} where ${where})
     select ${columns} from ${table} ${alias}
     where ${id} = any(array(select id from found order by id desc limit ${where.bind(limit)})) order by ${id} desc`,
    where.values,
  );
}

async function readNewestId(db: Executor, { table }: NewestFirst): Promise<number> {
  const [row] = await db.query<{ newest: number | null }>(`select max(id) as newest from ${table}`);
  return row?.newest ?? 0;
}
