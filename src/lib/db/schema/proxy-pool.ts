import { sql } from 'drizzle-orm';
import { bigint, check, integer, pgTable, real, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { PROXY_STATUSES, type ProxyStatus } from './vocabulary.ts';

/** The proxies and their health. The password is encrypted; it goes in and never comes out. */
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
    successCount: integer('success_count').notNull().default(0),
    failureCount: integer('failure_count').notNull().default(0),
    successRate: real('success_rate'),
    avgResponseTimeMs: integer('avg_response_time_ms'),
    lastCheckedAt: instant('last_checked_at'),
    lastUsedAt: instant('last_used_at'),
    coolingUntil: instant('cooling_until'),
    lastError: text('last_error'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    check('proxy_pool_status', sql`${table.status} in (${quotedList(PROXY_STATUSES)})`),
    // Serves: adding a proxy twice changes nothing.
    uniqueIndex('proxy_pool_address').on(table.protocol, table.host, table.port, sql`coalesce(${table.username}, '')`),
  ],
);
