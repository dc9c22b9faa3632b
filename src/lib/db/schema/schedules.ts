import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { CATCH_UP_POLICIES, type CatchUpPolicy, SCHEDULE_RUN_OUTCOMES, type ScheduleRunOutcome } from './vocabulary.ts';

/** One scrape that a schedule starts. */
export interface ScheduleTarget {
  source: string;
  location: string;
  params?: Record<string, unknown>;
}

/**
 * When to start which scrapes. Exactly one of `cron` (with its time zone) and `every_minutes` is set. `next_at` is the next
 * occurrence, so that looking for due schedules is one index scan; null while it is paused or when no occurrence follows.
 */
export const schedules = pgTable(
  'schedules',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    cron: text('cron'),
    timeZone: text('time_zone').notNull().default('UTC'),
    everyMinutes: integer('every_minutes'),
    targets: jsonb('targets').$type<ScheduleTarget[]>().notNull(),
    /** How many of the targets one occurrence starts, going round; null is all. */
    batchSize: integer('batch_size'),
    /** The target that the next occurrence begins with. */
    position: integer('position').notNull().default(0),
    priority: integer('priority').notNull().default(0),
    maxRetries: integer('max_retries'),
    /** The sessions of an occurrence may start up to this long after it, spread out. */
    jitterSeconds: integer('jitter_seconds').notNull().default(0),
    /** False: an occurrence is passed over while sessions of an earlier one still wait or run. */
    allowOverlap: boolean('allow_overlap').notNull().default(false),
    catchUp: text('catch_up').$type<CatchUpPolicy>().notNull().default('latest'),
    /** Of 'all': at most so many. */
    catchUpMax: integer('catch_up_max').notNull().default(10),
    paused: boolean('paused').notNull().default(false),
    nextAt: instant('next_at'),
    /** The occurrence that was settled last, whatever became of it: the next ones follow it. */
    settledUntil: instant('settled_until').notNull().defaultNow(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check('schedules_when', sql`(${table.cron} is null) <> (${table.everyMinutes} is null)`),
    check('schedules_catch_up', sql`${table.catchUp} in (${quotedList(CATCH_UP_POLICIES)})`),
    // Serves: each look for due schedules.
    index('schedules_due').on(table.nextAt).where(sql`${table.nextAt} is not null`),
  ],
);

/** One row per occurrence: its key makes an occurrence unique across all machines. */
export const scheduleRuns = pgTable(
  'schedule_runs',
  {
    scheduleId: bigint('schedule_id', { mode: 'number' }).notNull(),
    /** The moment that the schedule names, or, of a run by hand, that of the click. */
    occurrence: instant('occurrence').notNull(),
    outcome: text('outcome').$type<ScheduleRunOutcome>().notNull(),
    byHand: boolean('by_hand').notNull().default(false),
    batchId: uuid('batch_id'),
    sessions: integer('sessions').notNull().default(0),
    reason: text('reason'),
    at: instant('at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.scheduleId, table.occurrence] }),
    check('schedule_runs_outcome', sql`${table.outcome} in (${quotedList(SCHEDULE_RUN_OUTCOMES)})`),
    // Serves: pruning by age.
    index('schedule_runs_at').on(table.at),
  ],
);
