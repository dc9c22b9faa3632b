import { createHash } from 'node:crypto';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { PageValidators } from './page-validators.ts';

/**
 * What is known of pages that were read to their end. Bound to the version of the parser: after a change of the parser an
 * unchanged page must be read again, so nothing is known of it.
 */
export interface ValidatorStore {
  /** @throws what the database throws. */
  find(source: string, url: string, parserVersion: string): Promise<PageValidators | null>;
  /** Call it only once what was on the pages is saved: a page that is known is not read again. @throws what the database throws. */
  save(pages: readonly ReadPage[]): Promise<void>;
}

/** A page that was read to its end. */
export interface ReadPage {
  source: string;
  url: string;
  parserVersion: string;
  validators: PageValidators;
}

interface ValidatorRow extends QueryRow {
  etag: string | null;
  last_modified: string | null;
  body_hash: string;
}

/** Shared by all workers through page_validators. */
export class PgValidatorStore implements ValidatorStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async find(source: string, url: string, parserVersion: string): Promise<PageValidators | null> {
    const [row] = await this.#db.query<ValidatorRow>(
      `select etag, last_modified, body_hash from page_validators
       where source = $1 and url_hash = $2 and parser_version = $3`,
      [source, hashOf(url), parserVersion],
    );
    return row === undefined ? null : { etag: row.etag, lastModified: row.last_modified, bodyHash: row.body_hash };
  }

  async save(pages: readonly ReadPage[]): Promise<void> {
    // One row each: a statement cannot change a row twice. In one order, so that two savers cannot lock each other out.
    const latest = new Map(pages.map((page) => [keyOf(page.source, page.url), page]));
    const rows = [...latest.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    await this.#db.query(
      `insert into page_validators (source, url_hash, parser_version, etag, last_modified, body_hash, fetched_at)
       select *, clock_timestamp() from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       on conflict (source, url_hash) do update set
         parser_version = excluded.parser_version, etag = excluded.etag, last_modified = excluded.last_modified,
         body_hash = excluded.body_hash, fetched_at = excluded.fetched_at`,
      [
        rows.map(([, page]) => page.source),
        rows.map(([, page]) => hashOf(page.url)),
        rows.map(([, page]) => page.parserVersion),
        rows.map(([, page]) => page.validators.etag),
        rows.map(([, page]) => page.validators.lastModified),
        rows.map(([, page]) => page.validators.bodyHash),
      ],
    );
  }
}

const LOCAL_ENTRIES_MAX = 10_000;

/** For this process alone; the pages that were saved last are known. */
export class LocalValidatorStore implements ValidatorStore {
  readonly #known = new Map<string, { parserVersion: string; validators: PageValidators }>();

  async find(source: string, url: string, parserVersion: string): Promise<PageValidators | null> {
    const known = this.#known.get(keyOf(source, url));
    return known?.parserVersion === parserVersion ? known.validators : null;
  }

  async save(pages: readonly ReadPage[]): Promise<void> {
    for (const { source, url, parserVersion, validators } of pages) {
      const key = keyOf(source, url);
      this.#known.delete(key);
      this.#known.set(key, { parserVersion, validators });
      const oldest = this.#known.size > LOCAL_ENTRIES_MAX ? this.#known.keys().next().value : undefined;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
  }
}

function keyOf(source: string, url: string): string {
  return `${source} ${hashOf(url)}`;
}

function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}
