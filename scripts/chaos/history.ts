import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * What scrapers saw, kept in a file outside PostgreSQL: one line of JSON each, appended as a whole. `started` says at which page a
 * claim goes on; `saved` that the checkpoint of a page was acknowledged and read back from the tables; `kept` that it was acknowledged
 * while the tables could not be read: on the worker's disk at least.
 */
export interface HistoryLine {
  session: number;
  claim: number;
  step: 'started' | 'saved' | 'kept';
  page: number;
}

export function appendHistory(file: string, line: HistoryLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function readHistory(file: string): HistoryLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  // A process that was killed within its write leaves at most a torn line.
  return lines.flatMap((line) => parseLine(line));
}

function parseLine(text: string): HistoryLine[] {
  try {
    return [JSON.parse(text) as HistoryLine];
  } catch {
    return [];
  }
}

/** A session as the tables tell it in the end. */
export interface StoredSession {
  id: number;
  claimNumber: number;
  /** The page of its last checkpoint. */
  page: number;
  /** The pages of its leads, each once per lead. */
  leadPages: number[];
}

const LEADS_PER_PAGE = 2;

/**
 * Holds the history against the tables, whatever the order in which lines were written:
 * - a page that was acknowledged is in the tables, and every page up to the cursor has its leads once each;
 * - a claim goes on at or after every page that an earlier claim had acknowledged, so no two claims wrote side by side (I2, I3);
 * - no claim is higher than the table's (I3).
 * Returns one sentence per contradiction.
 */
export function compareHistory(history: readonly HistoryLine[], sessions: readonly StoredSession[]): string[] {
  const stored = new Map(sessions.map((session) => [session.id, session]));
  const bySession = Map.groupBy(history, (line) => line.session);
  return [...bySession].flatMap(([id, lines]) => {
    const session = stored.get(id);
    if (!session) return [`session ${id} ran and is in no table`];
    return [...findLostPages(lines, session), ...findOverlaps(lines), ...findUnknownClaims(lines, session)];
  });
}

function findLostPages(lines: readonly HistoryLine[], session: StoredSession): string[] {
  const saved = new Set(lines.flatMap((line) => (line.step === 'saved' ? [line.page] : [])));
  // Behind the cursor are also pages that were only kept on a worker's disk, or whose acknowledgement was never written down.
  for (let page = 1; page <= session.page; page += 1) saved.add(page);
  return [...saved].flatMap((page) => {
    const leads = session.leadPages.filter((leadPage) => leadPage === page).length;
    if (page > session.page)
      return [`session ${session.id}: page ${page} was acknowledged, its cursor says ${session.page}`];
    return leads === LEADS_PER_PAGE ? [] : [`session ${session.id}: page ${page} was saved and has ${leads} leads`];
  });
}

function findOverlaps(lines: readonly HistoryLine[]): string[] {
  const starts = lines.filter((line) => line.step === 'started');
  return starts.flatMap((start) => {
    const missed = lines.find((line) => line.step === 'saved' && line.claim < start.claim && line.page > start.page);
    if (!missed) return [];
    return [
      `session ${start.session}: claim ${start.claim} began at page ${start.page} although claim ${missed.claim} had saved page ${missed.page}`,
    ];
  });
}

function findUnknownClaims(lines: readonly HistoryLine[], { id, claimNumber }: StoredSession): string[] {
  const highest = Math.max(...lines.map((line) => line.claim));
  return highest > claimNumber ? [`session ${id} ran under claim ${highest}, the table says ${claimNumber}`] : [];
}
