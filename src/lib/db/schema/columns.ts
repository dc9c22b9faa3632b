import { sql } from 'drizzle-orm';
import { timestamp } from 'drizzle-orm/pg-core';

/** A point in time with its zone. Read as a Date; comparisons are made by the database's own clock. */
export const instant = (name: string) => timestamp(name, { withTimezone: true });

/** `'a', 'b'` for a check constraint. Only constant tuples of vocabulary.ts are passed in. */
export const quotedList = (words: readonly string[]) => sql.raw(words.map((word) => `'${word}'`).join(', '));
