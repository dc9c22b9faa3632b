import type { Executor } from '#lib/db/create-db.ts';
import type { PageEvidence } from '#lib/db/schema/pages.ts';
import type { Logger } from '#lib/logger.ts';
import { storableJson, storableText } from '../queue/storable-json.ts';
import { failureSignature } from './failure-signature.ts';
import { shownUrl } from './shown-url.ts';

/** A page that failed, and why. */
export interface FailedPage {
  sessionId: number | null;
  source: string;
  hostKey: string;
  url: string;
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Decoded. */
  text: string;
  title: string;
  verdict: string;
  evidence: readonly PageEvidence[];
}

/** A snapshot as it is kept, without what is private. */
export interface SnapshotRow extends Omit<FailedPage, 'hostKey' | 'text' | 'title' | 'evidence'> {
  signature: string;
  evidence: readonly PageEvidence[];
  body: string;
}

/** Where snapshots are kept. */
export interface SnapshotRows {
  /** Keeps it, or counts it when one of its kind is there. False when there are too many of its source already. */
  keep(row: SnapshotRow): Promise<boolean>;
}

export interface SnapshotStoreOptions {
  rows: SnapshotRows;
  logger: Logger;
}

const BODY_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 60;
const HEADER_CHARS_MAX = 1_000;
/** They give a session or an identity away, and say nothing about a failure. */
const PRIVATE_HEADERS = new Set(['set-cookie', 'set-cookie2', 'cookie', 'authorization', 'proxy-authorization']);

/** What is replaced when the snapshot that is there has expired, and kept otherwise. */
const PAGE_COLUMNS = [
  'taken_at',
  'expires_at',
  'session_id',
  'status',
  'source',
  'url',
  'verdict',
  'evidence',
  'headers',
  'body',
];
const IS_CURRENT = 'page_snapshots.expires_at > clock_timestamp()';

// A known signature is only counted. New ones are bounded per source, so that a site with a new face for every page does not
// fill the table; two savers at once may exceed the bound by one.
const SAVE = `
  insert into page_snapshots (signature, session_id, status, source, url, verdict, evidence, headers, body,
    taken_at, last_seen_at, expires_at)
  select $1::text, $2::bigint, $3::int, $4::text, $5::text, $6::text, $7::jsonb, $8::jsonb, $9::text,
    clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '7 days'
  where exists (select from page_snapshots where signature = $1)
    or (select count(*) from page_snapshots where source = $4 and taken_at > clock_timestamp() - interval '1 day') < $10::int
  on conflict (signature) do update set
    last_seen_at = clock_timestamp(),
    seen_count = case when ${IS_CURRENT} then page_snapshots.seen_count + 1 else 1 end,
    ${PAGE_COLUMNS.map((name) => `${name} = case when ${IS_CURRENT} then page_snapshots.${name} else excluded.${name} end`).join(',\n    ')}
  returning signature`;

/** New snapshots of one source in a day. */
const PER_DAY_MAX = 200;

/** Shared by all through page_snapshots. */
export class PgSnapshotRows implements SnapshotRows {
  readonly #db: Executor;
  readonly #perDayMax: number;

  constructor(db: Executor, perDayMax = PER_DAY_MAX) {
    this.#db = db;
    this.#perDayMax = perDayMax;
  }

  async keep({ signature, sessionId, status, source, url, verdict, evidence, headers, body }: SnapshotRow) {
    const columns = [
      signature,
      sessionId,
      status,
      source,
      url,
      verdict,
      storableJson(evidence),
      storableJson(headers),
      body,
    ];
    const kept = await this.#db.query(SAVE, [...columns, this.#perDayMax]);
    return kept.length > 0;
  }
}

/** Keeps the first page of each kind of failure for seven days, so that people can see what a site showed us. */
export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  /**
   * Keeps the page, or counts it when one of its kind is there. Never fails: a snapshot is not worth a session.
   * @returns the signature under which it is found; null when it was not kept.
   */
  async save(page: FailedPage): Promise<string | null> {
    try {
      const row = toRow(page);
      return (await this.#options.rows.keep(row)) ? row.signature : null;
    } catch (error) {
      this.#options.logger.warn({ err: error, url: shownUrl(page.url) }, 'A failed page could not be kept');
      return null;
    }
  }
}

function toRow(page: FailedPage): SnapshotRow {
  const { sessionId, source, status, verdict } = page;
  return {
    signature: failureSignature({ ...page, rules: page.evidence.map(({ rule }) => rule) }),
    sessionId,
    source,
    status,
    url: storableText(shownUrl(page.url)),
    verdict,
    evidence: page.evidence,
    headers: publicHeaders(page.headers),
    body: beginningOf(page.text),
  };
}

function publicHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const shown = Object.entries(headers)
    .filter(([name]) => !PRIVATE_HEADERS.has(name.toLowerCase()))
    .slice(0, HEADERS_MAX)
    .map(([name, value]) => [name, name === 'location' ? shownUrl(value) : value.slice(0, HEADER_CHARS_MAX)]);
  return Object.fromEntries(shown);
}

/** At most 64 KiB of UTF-8, cut between two characters. */
function beginningOf(text: string): string {
  const bytes = Buffer.from(storableText(text, BODY_BYTES_MAX), 'utf8');
  if (bytes.length <= BODY_BYTES_MAX) return bytes.toString('utf8');
  let end = BODY_BYTES_MAX;
  // Continuation bytes begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
