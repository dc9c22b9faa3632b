import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** One request of a session, as people see it on the session's page. */
export const sessionRequests = pgTable(
  'session_requests',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: bigint('session_id', { mode: 'number' }).notNull(),
    at: instant('at').notNull().defaultNow(),
    claimNumber: integer('claim_number').notNull(),
    /** Null where no answer came. */
    status: integer('status'),
    durationMs: integer('duration_ms').notNull(),
    wireBytes: integer('wire_bytes').notNull(),
    proxyId: bigint('proxy_id', { mode: 'number' }),
    method: text('method').notNull(),
    url: text('url').notNull(),
    /** What the fetch stack made of it: done, retry, throttled, blocked, skipped, … */
    verdict: text('verdict').notNull(),
    /** Why, in words: the line of robots.txt, the status, the marks of a block page. */
    reason: text('reason'),
    /** `host:port` of the proxy; null for a direct request. */
    proxy: text('proxy'),
    /** The snapshot of the page, if one was kept. */
    snapshotSignature: text('snapshot_signature'),
  },
  // Serves: the requests of one session, newest first.
  (table) => [index('session_requests_session').on(table.sessionId, table.id)],
);

/** The first page of each failure signature, so that people can see what a site showed us. */
export const pageSnapshots = pgTable(
  'page_snapshots',
  {
    /** Source, host, verdict and the page's marks, hashed. */
    signature: text('signature').primaryKey(),
    takenAt: instant('taken_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    sessionId: bigint('session_id', { mode: 'number' }),
    seenCount: integer('seen_count').notNull().default(1),
    status: integer('status').notNull(),
    source: text('source').notNull(),
    url: text('url').notNull(),
    verdict: text('verdict').notNull(),
    /** What spoke for the verdict, each with its weight. */
    evidence: jsonb('evidence').$type<PageEvidence[]>().notNull().default([]),
    headers: jsonb('headers').$type<Record<string, string>>().notNull().default({}),
    /** At most the first 64 KiB of the decoded page. */
    body: text('body').notNull(),
  },
  // Serves: pruning.
  (table) => [index('page_snapshots_expires').on(table.expiresAt)],
);

/** One mark that spoke for or against a verdict on a page. */
export interface PageEvidence {
  rule: string;
  weight: number;
  detail: string;
}

/**
 * What makes a next request of a page conditional. Bound to the version of the parser: after a change of the parser an
 * unchanged page must be read again.
 */
export const pageValidators = pgTable(
  'page_validators',
  {
    source: text('source').notNull(),
    /** SHA-256 of the URL, in hex. */
    urlHash: text('url_hash').notNull(),
    fetchedAt: instant('fetched_at').notNull().defaultNow(),
    parserVersion: text('parser_version').notNull(),
    etag: text('etag'),
    lastModified: text('last_modified'),
    bodyHash: text('body_hash').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.source, table.urlHash] }),
    // Serves: pruning.
    index('page_validators_fetched').on(table.fetchedAt),
  ],
);
