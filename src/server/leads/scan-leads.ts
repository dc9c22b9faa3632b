import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { LEAD_COLUMNS } from './lead-columns.ts';
import { type LeadFilter, leadConditions } from './lead-filter.ts';

/** So many ids are walked through first. */
const FIRST_SPAN = 50_000;
/** A walk that took no longer is followed by one through SPAN_GROWTH times as many ids: ids have large gaps. */
const QUICK_MS = 500;
const SPAN_GROWTH = 4;

/**
 * The leads of a filter below an id, newest first, as rows. It walks from the newest on, in ranges of ids, so that no statement
 * takes longer the more leads there are. Words that are rare among the newest are looked up among the others instead.
 */
export async function scanLeads(
  db: Executor,
  filter: LeadFilter,
  after: number | null,
  limit: number,
): Promise<QueryRow[]> {
  const below = after ?? (await readNewestId(db)) + 1;
  const from = below - FIRST_SPAN;
  const first = await walkRange(db, filter, from, below, limit);
  if (first.length === limit || from <= 0) return first;
  const goOn = filter.text === undefined ? walkOn : lookUp;
  return [...first, ...(await goOn(db, filter, from, limit - first.length))];
}

async function walkOn(db: Executor, filter: LeadFilter, start: number, limit: number): Promise<QueryRow[]> {
  const rows: QueryRow[] = [];
  let span = FIRST_SPAN;
  let below = start;
  while (rows.length < limit && below > 0) {
    const startedAt = performance.now();
    rows.push(...(await walkRange(db, filter, below - span, below, limit - rows.length)));
    below -= span;
    if (performance.now() - startedAt < QUICK_MS) span *= SPAN_GROWTH;
  }
  return rows;
}

/** The newest leads with ids from one to below another. */
async function walkRange(
  db: Executor,
  filter: LeadFilter,
  from: number,
  below: number,
  limit: number,
): Promise<QueryRow[]> {
  const where = leadConditions(filter).add('l.id >= ?', from).add('l.id < ?', below);
  return await db.query(
    `select ${LEAD_COLUMNS} from leads l where ${where} order by l.id desc limit ${where.bind(limit)}`,
    where.values,
  );
}

/**
 * All matches first, then the newest of them. In one step, the planner would walk the leads from the newest on: it takes the
 * beginning of a word for much more frequent than a rare word is.
 */
async function lookUp(db: Executor, filter: LeadFilter, below: number, limit: number): Promise<QueryRow[]> {
  const where = leadConditions(filter).add('l.id < ?', below);
  return await db.query(
    `with found as materialized (select l.id from leads l where ${where})
     select ${LEAD_COLUMNS} from leads l where l.id = any(array(select id from found order by id desc limit ${where.bind(limit)}))
     order by l.id desc`,
    where.values,
  );
}

async function readNewestId(db: Executor): Promise<number> {
  const [row] = await db.query<{ newest: number | null }>('select max(id) as newest from leads');
  return row?.newest ?? 0;
}
