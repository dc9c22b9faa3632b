import { bigint, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import type { LogLevel } from './vocabulary.ts';

/** What a session's attempts said while they ran. */
export const sessionLogs = pgTable(
  'session_logs',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: bigint('session_id', { mode: 'number' }).notNull(),
    at: instant('at').notNull().defaultNow(),
    claimNumber: integer('claim_number').notNull(),
    level: text('level').$type<LogLevel>().notNull(),
    workerId: text('worker_id'),
    message: text('message').notNull(),
    context: jsonb('context').$type<Record<string, unknown>>(),
  },
  // Serves: the log of one session, in order, from a known line on.
  (table) => [index('session_logs_session').on(table.sessionId, table.id)],
);
