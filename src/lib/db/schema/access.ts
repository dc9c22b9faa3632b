import { customType, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import type { Role } from './vocabulary.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Browser sign-ins. The cookie holds 256 random bits; only their SHA-256 is kept. */
export const authSessions = pgTable('auth_sessions', {
  tokenHash: bytea('token_hash').primaryKey(),
  role: text('role').$type<Role>().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
});

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
