import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import type { StoredError } from './scraping-sessions.ts';
import { ATTEMPT_OUTCOMES, type AttemptOutcome } from './vocabulary.ts';

/** One row per ended attempt: the session's history and the figures of the dashboard at once. */
export const scraperMetrics = pgTable(
  'scraper_metrics',
  {
    sessionId: bigint('session_id', { mode: 'number' }).notNull(),
    timestamp: instant('timestamp').notNull().defaultNow(),
    startedAt: instant('started_at'),
    claimNumber: integer('claim_number').notNull(),
    leadsFound: integer('leads_found').notNull().default(0),
    leadsNew: integer('leads_new').notNull().default(0),
    requestsMade: integer('requests_made').notNull().default(0),
    requestsFailed: integer('requests_failed').notNull().default(0),
    bytesReceived: bigint('bytes_received', { mode: 'number' }).notNull().default(0),
    durationMs: integer('duration_ms').notNull().default(0),
    source: text('source').notNull(),
    location: text('location').notNull(),
    outcome: text('outcome').$type<AttemptOutcome>().notNull(),
    workerId: text('worker_id'),
    proxyUsed: text('proxy_used'),
    error: jsonb('error').$type<StoredError>(),
  },
  (table) => [
    check('scraper_metrics_outcome', sql`${table.outcome} in (${quotedList(ATTEMPT_OUTCOMES)})`),
    // Serves: the attempts of one session, and that no attempt can be recorded twice. An id of its own and a second index
    // would cost each completed session a tenth more.
    primaryKey({ columns: [table.sessionId, table.claimNumber] }),
    // Serves: sums per source over the last hour or day; append-only, so a tiny BRIN would do, but pages read minutes of it.
    index('scraper_metrics_timestamp').on(table.timestamp),
  ],
);
