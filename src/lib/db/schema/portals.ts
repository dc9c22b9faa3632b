import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { PortalFields } from '#lib/portals/portal.ts';
import { instant, quotedList } from './columns.ts';
import { PORTAL_KINDS, PORTAL_ORIGINS, type PortalKind, type PortalOrigin, type Signal } from './vocabulary.ts';

/** The publishers that a source reads: data, not code. */
export const portals = pgTable(
  'portals',
  {
    id: text('id').primaryKey(),
    source: text('source').notNull(),
    kind: text('kind').$type<PortalKind>().notNull(),
    name: text('name').notNull(),
    state: text('state').notNull(),
    county: text('county'),
    city: text('city'),
    url: text('url').notNull(),
    fields: jsonb('fields').$type<PortalFields>().notNull(),
    signal: text('signal').$type<Signal>(),
    rateLimitMs: integer('rate_limit_ms'),
    origin: text('origin').$type<PortalOrigin>().notNull(),
    enabled: boolean('enabled').notNull().default(true),
    note: text('note'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    check('portals_kind', sql`${table.kind} in (${quotedList(PORTAL_KINDS)})`),
    check('portals_origin', sql`${table.origin} in (${quotedList(PORTAL_ORIGINS)})`),
    // Serves: the portals of one source and state, for every trigger and every permits session.
    index('portals_source_state').on(table.source, table.state),
  ],
);

/**
 * How far a portal has been read, per scope (the signals asked for): the next run asks for rows dated from here on.
 * It moves only when a portal was read to its end.
 */
export const portalWatermarks = pgTable(
  'portal_watermarks',
  {
    portalId: text('portal_id').notNull(),
    scope: text('scope').notNull(),
    readUntil: instant('read_until').notNull(),
    sessionId: bigint('session_id', { mode: 'number' }),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.portalId, table.scope] })],
);
