import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { PROXY_STATUSES, type ProxyStatus } from './vocabulary.ts';

/** One use or check of a proxy, as kept in its window: [seconds since 1970, weight of success 0 … 1, ms, 1 after a 407]. */
export type ProxySample = [at: number, success: number, ms: number, badCredentials?: 1];

/** The proxies and their health. Identity is the row's id: one address may be there with several user names. The password is encrypted; it goes in and never comes out. */
export const proxyPool = pgTable(
  'proxy_pool',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    protocol: text('protocol').$type<'http' | 'https' | 'socks5'>().notNull(),
    host: text('host').notNull(),
    port: integer('port').notNull(),
    username: text('username'),
    passwordEncrypted: text('password_encrypted'),
    status: text('status').$type<ProxyStatus>().notNull().default('testing'),
    /** Lower is preferred; a source may use tiers up to its own. */
    tier: smallint('tier').notNull().default(0),
    /** Requests that may use it at once, per worker. */
    maxInflight: smallint('max_inflight').notNull().default(4),
    successCount: integer('success_count').notNull().default(0),
    failureCount: integer('failure_count').notNull().default(0),
    successRate: real('success_rate'),
    avgResponseTimeMs: integer('avg_response_time_ms'),
    lastCheckedAt: instant('last_checked_at'),
    lastUsedAt: instant('last_used_at'),
    coolingUntil: instant('cooling_until'),
    /** When it is to be checked next; the worker that checks it moves this first. */
    nextCheckAt: instant('next_check_at').notNull().defaultNow(),
    lastError: text('last_error'),
    /** The last samples that success rate and response time are made of. */
    samples: jsonb('samples').$type<ProxySample[]>().notNull().default([]),
    /** Faults in a row. */
    faultStreak: smallint('fault_streak').notNull().default(0),
    /** Good checks in a row while testing. */
    goodChecks: smallint('good_checks').notNull().default(0),
    /** Times it cooled without becoming active in between. */
    coolingCycles: smallint('cooling_cycles').notNull().default(0),
    /** The address that our echo endpoint saw. */
    exitAddress: text('exit_address'),
    /** Request headers that the proxy added or that gave our address away, as our echo endpoint saw them. */
    headerLeaks: jsonb('header_leaks').$type<string[]>().notNull().default([]),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    check('proxy_pool_status', sql`${table.status} in (${quotedList(PROXY_STATUSES)})`),
    // Serves: adding a proxy twice changes nothing.
    uniqueIndex('proxy_pool_address').on(table.protocol, table.host, table.port, sql`coalesce(${table.username}, '')`),
    // Serves: the proxies whose check is due.
    index('proxy_pool_next_check').on(table.nextCheckAt).where(sql`${table.status} <> 'disabled'`),
  ],
);

/** Hosts that refuse one proxy. A ban says nothing about the proxy elsewhere. */
export const proxyHostBans = pgTable(
  'proxy_host_bans',
  {
    proxyId: bigint('proxy_id', { mode: 'number' })
      .notNull()
      .references(() => proxyPool.id, { onDelete: 'cascade' }),
    hostKey: text('host_key').notNull(),
    bannedAt: instant('banned_at').notNull().defaultNow(),
    until: instant('until').notNull(),
    /** Each further ban is twice as long; an answer lowers it. */
    level: smallint('level').notNull().default(0),
    reason: text('reason').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.proxyId, table.hostKey] }),
    // Serves: how many proxies one host has refused lately.
    index('proxy_host_bans_host').on(table.hostKey, table.bannedAt),
  ],
);
