import { sql } from 'drizzle-orm';
import { bigint, check, customType, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { ROLES, type Role } from './vocabulary.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Browser sign-ins. The cookie holds 256 random bits; only their SHA-256 is kept. */
export const authSessions = pgTable('auth_sessions', {
  tokenHash: bytea('token_hash').primaryKey(),
  role: text('role').$type<Role>().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
});

/** Tokens for programs. The token holds 256 random bits and is shown once, when it is made; only its SHA-256 is kept. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tokenHash: bytea('token_hash').notNull(),
    name: text('name').notNull(),
    role: text('role').$type<Role>().notNull(),
    /** Of a bot's token: the sources it may claim; null is all. */
    sources: text('sources').array(),
    createdAt: instant('created_at').notNull().defaultNow(),
    lastUsedAt: instant('last_used_at'),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    check('api_tokens_role', sql`${table.role} in (${quotedList(ROLES)})`),
    // Serves: each request with a token.
    uniqueIndex('api_tokens_hash').on(table.tokenHash),
  ],
);

/** One-time sign-in links, as hashes. */
export const signInLinks = pgTable('sign_in_links', {
  tokenHash: bytea('token_hash').primaryKey(),
  createdAt: instant('created_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});

/** Settings that all machines share, such as the key of the suppression hashes. */
export const appSettings = pgTable('app_settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});
