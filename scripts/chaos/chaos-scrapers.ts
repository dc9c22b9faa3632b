import { setTimeout as wait } from 'node:timers/promises';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { LeaseLostError } from '#lib/errors.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { waitFor } from '#test/wait-for.ts';
import { withDatabaseRetry } from '#workers/database-retry.ts';
import { appendHistory } from './history.ts';

/** What a session of a chaos run does; it stands in its params. Loaded by real workers in place of the built-in scrapers. */
export type ChaosScript =
  /** Saves pages 1 … count, two leads each; they come from a site, or without one out of thin air after `stepMs`. */
  | { do: 'pages'; count: number; origin: string | null; stepMs: number; history: string }
  /** Waits until it is told to stop. */
  | { do: 'wait'; history: string }
  /** Tells of its progress as a good one does, then ends its process, or blocks it for ever. */
  | { do: 'poison'; how: Poison; history: string };

/** `oom` is stopped by the limit of its own heap, `hoard` by the kernel: it is for managers in a group with little memory. */
export const POISONS = ['oom', 'hoard', 'abort', 'segv', 'rejection', 'loop'] as const;
export type Poison = (typeof POISONS)[number];

interface Identity {
  session: number;
  claim: number;
}

const SOURCE_URL = 'https://example.com/rows';

let ownDb: Db | null = null;

class ChaosScraper extends BaseScraper {
  readonly source = 'permits';

  protected override async scrape(): Promise<void> {
    const script = readScript(this.params);
    const identity = await this.#identify();
    const { history } = script;
    const done = typeof this.cursor === 'number' ? this.cursor : 0;
    appendHistory(history, { ...identity, step: 'started', page: done });
    if (script.do === 'wait') return await wait(3_600_000, undefined, { signal: this.signal });
    if (script.do === 'poison') {
      await this.#tellProgress(identity);
      return await poison(script.how);
    }
    for (let page = done + 1; page <= script.count; page += 1) {
      for (const row of await this.#readPage(script, page)) this.#emitRow(row);
      await this.checkpoint(page, { progress: { message: `Page ${page}`, done: page, total: script.count } });
      appendHistory(history, { ...identity, step: (await isStored(identity, page)) ? 'saved' : 'kept', page });
    }
  }

  /**
   * Which claim this is. A worker that was frozen since it claimed may find that somebody else holds the session: then it is told so,
   * and what it would write is none of the other's.
   */
  async #identify(): Promise<Identity> {
    const db = openDb();
    const [row] = await withDatabaseRetry(
      () => db.query<{ session: number; claim: number }>(IDENTIFY, [this.context.location, process.pid]),
      {
        mayContinue: () => !this.signal.aborted,
      },
    );
    if (!row) throw new LeaseLostError(`"${this.context.location}" is held by another worker now`);
    return row;
  }

  /** A note of progress that is stored is no page that is saved: the session must be taken for poison all the same. */
  async #tellProgress({ session, claim }: Identity): Promise<void> {
    const message = `Claim ${claim} looks around`;
    this.reportProgress({ message });
    await waitFor(async () => (await openDb().query(HAS_TOLD, [session, message])).length === 1, {
      timeoutMs: 30_000,
      what: 'the progress of a poison to be stored',
    });
  }

  async #readPage(script: ChaosScript & { do: 'pages' }, page: number): Promise<string[]> {
    const { location } = this.context;
    if (script.origin !== null) {
      const url = `${script.origin}/page/${page}?location=${encodeURIComponent(location)}`;
      return await this.makeRequest<string[]>(url, { as: 'json' });
    }
    await wait(script.stepMs, undefined, { signal: this.signal });
    return [`${location}-${page}-a`, `${location}-${page}-b`];
  }

  #emitRow(row: string): void {
    this.emitLead({
      portal: `portal-${this.context.location}`,
      sourceRowId: row,
      sourceUrl: SOURCE_URL,
      role: 'owner',
      name: `Person ${row}`,
      address: `${row.length} Example Street`,
      city: 'Savannah',
      state: 'GA',
      provenance: {
        name: { sourceUrl: SOURCE_URL, sourceRowId: row, rule: 'row', fetchedAt: new Date().toISOString() },
      },
    });
  }
}

/** Where sessions that schedules make write their history: a schedule takes no params but those of its source. */
export const HISTORY_VARIABLE = 'CHAOS_HISTORY';

function readScript(params: Record<string, unknown>): ChaosScript {
  if ('do' in params) return params as unknown as ChaosScript;
  return { do: 'pages', count: 3, origin: null, stepMs: 1_000, history: process.env[HISTORY_VARIABLE] ?? '' };
}

/** Reads what was just saved. A page that the worker could only put on its disk is not there yet, and may be read again by another claim. */
async function isStored({ session, claim }: Identity, page: number): Promise<boolean> {
  try {
    const rows = await openDb().query(IS_STORED, [session, claim, page]);
    return rows.length === 1;
  } catch {
    // The database is away: nobody can tell.
    return false;
  }
}

const IS_STORED = 'select from scraping_sessions where id = $1 and claim_number = $2 and cursor = to_jsonb($3::int)';

const HAS_TOLD = `select from scraping_sessions where id = $1 and progress->>'message' = $2`;

function openDb(): Db {
  ownDb ??= createDb({
    connectionString: process.env.DATABASE_URL ?? '',
    applicationName: 'chaos-scraper',
    max: 2,
    statementTimeoutMs: 3_000,
  });
  return ownDb;
}

/** The pid is the process's own on its machine; all machines of a chaos run share one table of processes. */
const IDENTIFY = `
select s.id as session, s.claim_number as claim
from scraping_sessions s join worker_instances w on w.worker_id = s.worker_id and w.pid = $2
where s.location = $1 and s.status = 'running'`;

async function poison(how: Poison): Promise<void> {
  switch (how) {
    case 'oom': {
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, Math.random));
    }
    case 'hoard': {
      const hoard: Buffer[] = [];
      // Written to, for the kernel gives memory only then.
      for (;;) hoard.push(Buffer.alloc(8_388_608, 1));
    }
    case 'abort':
      return process.abort();
    case 'segv':
      process.kill(process.pid, 'SIGSEGV');
      return await wait(3_600_000);
    case 'rejection':
      void Promise.reject(new Error('nobody catches this'));
      return await wait(3_600_000);
    case 'loop':
      for (;;) Math.random();
  }
}

export function createScraper(): BaseScraper {
  return new ChaosScraper({ rateLimit: 0, retryDelay: 50, jobTimeout: 600_000, useProxy: false });
}
