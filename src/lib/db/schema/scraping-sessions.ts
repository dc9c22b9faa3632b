import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { SESSION_STATUSES, type SessionStatus } from './vocabulary.ts';

/** What one trigger or one schedule occurrence asked for; its sessions point here. */
export const sessionBatches = pgTable(
  'session_batches',
  {
    id: uuid('id').primaryKey(),
    idempotencyKey: text('idempotency_key'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    // Serves: a repeated trigger finds the batch that its key made.
    uniqueIndex('session_batches_idempotency_key').on(table.idempotencyKey),
    // Serves: pruning, oldest first.
    index('session_batches_created_at').on(table.createdAt),
  ],
);

/** What a session still has to say to a person: where it is, in words and in numbers. */
export interface SessionProgress {
  /** One short sentence, such as "Savannah: page 3". */
  message?: string;
  done?: number;
  total?: number;
  pages?: number;
  rows?: number;
  /** One entry per portal (or other part) that the session reads. */
  parts?: SessionPart[];
}

export interface SessionPart {
  id: string;
  name: string;
  state: 'waiting' | 'reading' | 'done' | 'failed' | 'skipped';
  rows: number;
  leads: number;
  /** Why it failed or was skipped, for people. */
  note?: string;
  demo?: boolean;
}

/** An error as it is kept with a session: a code of src/lib/errors.ts and words for people, never a secret. */
export interface StoredError {
  code: string;
  message: string;
  cause?: string;
  stack?: string;
  context?: Record<string, unknown>;
}

/**
 * One source scraped for one location: the row that workers claim.
 *
 * The claim number is raised by every claim and every release, so (id, claim_number) alone proves ownership.
 * `wake_at` set means "not before": such a row is kept out of the ready index until promotion clears it. 'infinity' means that
 * it stands in the line of its host and is called when that host can take it.
 */
export const scrapingSessions = pgTable(
  'scraping_sessions',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    batchId: uuid('batch_id').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    wakeAt: instant('wake_at'),
    startedAt: instant('started_at'),
    completedAt: instant('completed_at'),
    timeoutAt: instant('timeout_at'),
    claimNumber: integer('claim_number').notNull().default(0),
    priority: integer('priority').notNull().default(0),
    retryCount: integer('retry_count').notNull().default(0),
    maxRetries: integer('max_retries').notNull().default(3),
    crashCount: integer('crash_count').notNull().default(0),
    leadsFound: integer('leads_found').notNull().default(0),
    leadsNew: integer('leads_new').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    source: text('source').notNull(),
    location: text('location').notNull(),
    status: text('status').$type<SessionStatus>().notNull().default('pending'),
    workerId: text('worker_id'),
    proxyUsed: text('proxy_used'),
    /** The host that it asks next, as far as known: it is not handed out while that host may not be asked. */
    hostKey: text('host_key'),
    statusReason: text('status_reason'),
    params: jsonb('params').$type<Record<string, unknown>>().notNull().default({}),
    cursor: jsonb('cursor').$type<unknown>(),
    progress: jsonb('progress').$type<SessionProgress>(),
    error: jsonb('error').$type<StoredError>(),
    /** Since when it can be claimed; null for as long as it exists. Kept by a trigger: drizzle/0007. */
    readyAt: instant('ready_at'),
    /** The losses of its workers up to this claim are forgiven, since somebody started it again by hand. */
    forgivenClaims: integer('forgiven_claims'),
  },
  (table) => [
    check('scraping_sessions_status', sql`${table.status} in (${quotedList(SESSION_STATUSES)})`),
    // Serves: claim (queue/transitions/claim.ts), one range scan per source from the claim cursor on.
    index('scraping_sessions_ready')
      .on(table.source, sql`(-${table.priority})`, table.id)
      .where(sql`${table.status} = 'pending' and ${table.wakeAt} is null`),
    // Serves: promotion of sessions whose time has come.
    index('scraping_sessions_due')
      .on(table.wakeAt)
      .where(sql`${table.status} = 'pending' and ${table.wakeAt} < 'infinity'`),
    // Serves: the line of a host, best first, and what else of it sleeps.
    index('scraping_sessions_line')
      .on(table.hostKey, table.wakeAt, sql`(-${table.priority})`, table.id)
      .where(sql`${table.status} = 'pending' and ${table.wakeAt} is not null and ${table.hostKey} is not null`),
    // Serves: rescue, release of a dead worker, time-outs and "what is running"; as small as what runs.
    index('scraping_sessions_running').on(table.workerId).where(sql`${table.status} = 'running'`),
    // Serves: promotion, which lets only as many sessions of one host go on as the host can serve.
    index('scraping_sessions_host')
      .on(table.hostKey)
      .where(
        sql`${table.hostKey} is not null and (${table.status} = 'running' or (${table.status} = 'pending' and ${table.wakeAt} is null))`,
      ),
    // Serves: the sessions of one batch.
    index('scraping_sessions_batch').on(table.batchId),
    // Serves: lists of what ended badly; costs a completed session nothing.
    index('scraping_sessions_unhappy').on(table.id).where(sql`${table.status} in ('failed', 'cancelled')`),
  ],
);

export type ScrapingSession = typeof scrapingSessions.$inferSelect;
