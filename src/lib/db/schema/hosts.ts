import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { ROBOTS_OUTCOMES, type RobotsOutcome } from './vocabulary.ts';

/**
 * The pace of one host, shared by all workers. Two clocks, kept apart: `next_at` (crawl delay) and
 * `backoff_until` (what 429 and 503 asked for). Only reserve_host_slot and its siblings write here.
 * The gap in force is the largest of `floor_ms` (the source's), `robots_ms` (Crawl-delay) and `adaptive_ms`.
 */
export const hostPacing = pgTable('host_pacing', {
  hostKey: text('host_key').primaryKey(),
  nextAt: instant('next_at').notNull().default(sql`'-infinity'`),
  backoffUntil: instant('backoff_until').notNull().default(sql`'-infinity'`),
  backoffDecaysAt: instant('backoff_decays_at').notNull().default(sql`'-infinity'`),
  limitedSince: instant('limited_since'),
  lastAskedAt: instant('last_asked_at'),
  lastServedAt: instant('last_served_at'),
  pausedUntil: instant('paused_until'),
  pauseReason: text('pause_reason'),
  lastError: text('last_error'),
  gapMs: integer('gap_ms').notNull().default(2000),
  floorMs: integer('floor_ms').notNull().default(2000),
  robotsMs: integer('robots_ms').notNull().default(0),
  /** Raised by errors only, lowered by answers. */
  adaptiveMs: integer('adaptive_ms').notNull().default(0),
  maxInflight: smallint('max_inflight').notNull().default(1),
  strikes: smallint('strikes').notNull().default(0),
  /** Server errors, resets and time-outs in a row. */
  errorStreak: smallint('error_streak').notNull().default(0),
  /** Pauses since the host last served us; each is twice as long as the one before. */
  pauseCount: smallint('pause_count').notNull().default(0),
});

/** A slot that was granted and not yet given back. */
export const hostSlots = pgTable(
  'host_slots',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    hostKey: text('host_key').notNull(),
    workerId: text('worker_id').notNull(),
    sessionId: bigint('session_id', { mode: 'number' }),
    startAt: instant('start_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    // Serves: counting what is in flight on a host.
    index('host_slots_host').on(table.hostKey, table.expiresAt),
    // Serves: giving back the slots of a dead worker.
    index('host_slots_worker').on(table.workerId),
  ],
);

/** The robots.txt of one origin as last seen; shared, so that a host is asked once a day. */
export const robotsCache = pgTable(
  'robots_cache',
  {
    origin: text('origin').primaryKey(),
    outcome: text('outcome').$type<RobotsOutcome>().notNull(),
    httpStatus: integer('http_status'),
    body: text('body'),
    reason: text('reason'),
    fetchedAt: instant('fetched_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    failures: integer('failures').notNull().default(0),
    /** One look at a time over all workers: until then somebody is fetching the file. */
    lookingUntil: instant('looking_until'),
    crawlDelayMs: integer('crawl_delay_ms'),
    sitemaps: jsonb('sitemaps').$type<string[]>().notNull().default([]),
  },
  (table) => [check('robots_cache_outcome', sql`${table.outcome} in (${quotedList(ROBOTS_OUTCOMES)})`)],
);
