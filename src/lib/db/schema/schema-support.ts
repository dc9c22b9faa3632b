import { sql } from 'drizzle-orm';
import { boolean, check, integer, pgTable } from 'drizzle-orm/pg-core';

/**
 * One row: the oldest program that still works with this schema, as the number of migrations that it knows. A migration that
 * takes something away raises it; programs that are older stop taking work.
 */
export const schemaSupport = pgTable(
  'schema_support',
  {
    only: boolean('only').primaryKey().default(true),
    oldestProgram: integer('oldest_program').notNull(),
  },
  (table) => [check('schema_support_only', sql`${table.only}`)],
);
