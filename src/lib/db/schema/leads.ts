import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { LeadProvenance } from '#lib/leads/lead.ts';
import { instant } from './columns.ts';
import type { Signal, SuppressionKind } from './vocabulary.ts';

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** A person or business worth contacting. `lead_key` is the hash of source, portal, row and contact. */
export const leads = pgTable(
  'leads',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    leadKey: bytea('lead_key').notNull(),
    /** The session that found it first. */
    sessionId: bigint('session_id', { mode: 'number' }).notNull(),
    batchId: uuid('batch_id').notNull(),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    value: doublePrecision('value'),
    seenCount: integer('seen_count').notNull().default(1),
    demo: boolean('demo').notNull().default(false),
    source: text('source').notNull(),
    portal: text('portal').notNull(),
    location: text('location').notNull(),
    role: text('role').notNull(),
    name: text('name'),
    company: text('company'),
    email: text('email'),
    phone: text('phone'),
    phoneExtension: text('phone_extension'),
    request: text('request'),
    address: text('address'),
    city: text('city'),
    state: text('state'),
    zip: text('zip'),
    signal: text('signal').$type<Signal>(),
    sourceUrl: text('source_url'),
    sourceRowId: text('source_row_id').notNull(),
    provenance: jsonb('provenance').$type<LeadProvenance>().notNull(),
    search: tsvector('search').generatedAlwaysAs(
      sql`to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(request, '') || ' ' || coalesce(address, '') || ' ' || coalesce(city, '') || ' ' || coalesce(zip, ''))`,
    ),
  },
  (table) => [
    // Serves: the idempotent upsert.
    uniqueIndex('leads_lead_key').on(table.leadKey),
    // Serves: "the same person elsewhere", by phone and by e-mail.
    index('leads_phone').on(table.phone).where(sql`${table.phone} is not null`),
    index('leads_email').on(table.email).where(sql`${table.email} is not null`),
    // Serves: the leads of one batch.
    index('leads_batch').on(table.batchId, table.id),
    // Serves: the free-text filter of the leads page and API.
    index('leads_search').using('gin', table.search),
    // Serves: the leads of one state, newest first, which is how a salesperson reads them. No lead takes measurably longer.
    index('leads_state').on(sql`lower(${table.state})`, table.id),
    // Serves: removing the demo data with one action.
    index('leads_demo').on(table.id).where(sql`${table.demo}`),
  ],
);

/** Which session saw which lead. A repeated page inserts nothing here, so counts stay exact. */
export const leadSightings = pgTable(
  'lead_sightings',
  {
    sessionId: bigint('session_id', { mode: 'number' }).notNull(),
    leadId: bigint('lead_id', { mode: 'number' })
      .notNull()
      .references(() => leads.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.sessionId, table.leadId] }),
    // Serves: the cascade when a lead is erased.
    index('lead_sightings_lead').on(table.leadId),
  ],
);

/** Who must not be contacted, as keyed hashes: an erased person is not kept in clear. */
export const suppressions = pgTable(
  'suppressions',
  {
    kind: text('kind').$type<SuppressionKind>().notNull(),
    valueHash: bytea('value_hash').notNull(),
    reason: text('reason'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.valueHash] })],
);
