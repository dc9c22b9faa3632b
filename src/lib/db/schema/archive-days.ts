import { bigint, date, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** What is kept of attempts after their rows are gone: totals per day (UTC) and source. */
export const archiveDays = pgTable(
  'archive_days',
  {
    day: date('day').notNull(),
    source: text('source').notNull(),
    sessionsCompleted: integer('sessions_completed').notNull().default(0),
    sessionsFailed: integer('sessions_failed').notNull().default(0),
    sessionsCancelled: integer('sessions_cancelled').notNull().default(0),
    attempts: integer('attempts').notNull().default(0),
    attemptsFailed: integer('attempts_failed').notNull().default(0),
    leadsFound: bigint('leads_found', { mode: 'number' }).notNull().default(0),
    leadsNew: bigint('leads_new', { mode: 'number' }).notNull().default(0),
    requestsMade: bigint('requests_made', { mode: 'number' }).notNull().default(0),
    requestsFailed: bigint('requests_failed', { mode: 'number' }).notNull().default(0),
    bytesReceived: bigint('bytes_received', { mode: 'number' }).notNull().default(0),
    durationMs: bigint('duration_ms', { mode: 'number' }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.day, table.source] })],
);
