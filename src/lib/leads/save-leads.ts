import type { Executor } from '../db/create-db.ts';
import type { NormalizedLead } from './lead.ts';
import { getSuppressionKey, suppressionEntriesOf } from './suppression.ts';

export interface SaveLeadsOptions {
  sessionId: number;
  batchId: string;
  location: string;
}

export interface SavedLeads {
  /** Leads that this session had not seen before this call. A repeated page adds none. */
  found: number;
  /** Of these, leads that no session had seen before. */
  fresh: number;
  /** Dropped because somebody asked not to be contacted. */
  suppressed: number;
}

/** The text columns in the order of the statement below; a column that was empty is filled by a later sighting. */
const TEXT_COLUMNS = [
  'source',
  'portal',
  'role',
  'name',
  'company',
  'email',
  'phone',
  'phone_extension',
  'request',
  'address',
  'city',
  'state',
  'zip',
  'signal',
  'source_url',
  'source_row_id',
] as const;

/** What identifies a lead stays; an extension belongs to its phone, so the statement treats it apart. */
const NOT_FILLED = ['source', 'portal', 'role', 'source_row_id', 'phone_extension'];
const FILLED_LATER = TEXT_COLUMNS.filter((column) => !NOT_FILLED.includes(column));

/**
 * Rows go in by the order of their key, so that two transactions which save the same leads wait for each other instead of
 * deadlocking. Sightings say which session saw which lead, hence whether this one counts.
 */
const UPSERT = `
  with given as (
    select * from unnest($1::bytea[], ${TEXT_COLUMNS.map((_, index) => `$${index + 2}::text[]`).join(', ')},
                         $18::float8[], $19::boolean[], $20::jsonb[])
      as t (lead_key, ${TEXT_COLUMNS.join(', ')}, value, demo, provenance)
  ), saved as (
    insert into leads as lead (lead_key, ${TEXT_COLUMNS.join(', ')}, value, demo, provenance, session_id, batch_id, location)
    select lead_key, ${TEXT_COLUMNS.join(', ')}, value, demo, provenance, $21, $22::uuid, $23 from given order by lead_key
    on conflict (lead_key) do update set
      last_seen_at = clock_timestamp(),
      ${FILLED_LATER.map((column) => `${column} = coalesce(lead.${column}, excluded.${column})`).join(',\n      ')},
      phone_extension = case when lead.phone is null or lead.phone = excluded.phone
        then coalesce(lead.phone_extension, excluded.phone_extension) else lead.phone_extension end,
      value = coalesce(lead.value, excluded.value),
      provenance = excluded.provenance || lead.provenance
    returning id, (xmax = 0) as inserted
  ), sighted as (
    insert into lead_sightings (session_id, lead_id) select $21, id from saved order by id
    on conflict do nothing
    returning lead_id
  )
  select saved.id, saved.inserted from saved join sighted on sighted.lead_id = saved.id`;

const COUNT_SIGHTING = 'update leads set seen_count = seen_count + 1 where id = any($1::bigint[])';

const FIND_SUPPRESSED = `
  select given.position from unnest($1::int[], $2::text[], $3::bytea[]) as given (position, kind, value_hash)
  join suppressions using (kind, value_hash)`;

/**
 * Saves the leads of one page inside the caller's transaction, in a constant number of statements. Idempotent per session:
 * the same leads again change nothing but last_seen_at. What a lead already says is never replaced by nothing.
 */
export async function saveLeads(
  tx: Executor,
  leads: readonly NormalizedLead[],
  options: SaveLeadsOptions,
): Promise<SavedLeads> {
  if (leads.length === 0) return { found: 0, fresh: 0, suppressed: 0 };
  const wanted = await withoutSuppressed(tx, leads);
  const suppressed = leads.length - wanted.length;
  const distinct = mergeRepeated(wanted);
  if (distinct.length === 0) return { found: 0, fresh: 0, suppressed };
  const sighted = await tx.query<{ id: number; inserted: boolean }>(UPSERT, [
    ...columnsOf(distinct),
    options.sessionId,
    options.batchId,
    options.location,
  ]);
  const again = sighted.filter((row) => !row.inserted);
  if (again.length > 0) await tx.query(COUNT_SIGHTING, [again.map((row) => row.id)]);
  return { found: sighted.length, fresh: sighted.length - again.length, suppressed };
}

/** One statement may not touch a row twice: leads of one key become one, the first filled up by the others. */
function mergeRepeated(leads: readonly NormalizedLead[]): NormalizedLead[] {
  const byKey = new Map<string, NormalizedLead>();
  for (const lead of leads) {
    const key = lead.leadKey.toString('hex');
    const first = byKey.get(key);
    byKey.set(key, first ? fillUp(first, lead) : lead);
  }
  return [...byKey.values()];
}

function fillUp(first: NormalizedLead, other: NormalizedLead): NormalizedLead {
  const known = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null));
  const samePhone = first.phone === null || first.phone === other.phone;
  return {
    ...other,
    ...known,
    phoneExtension: first.phoneExtension ?? (samePhone ? other.phoneExtension : null),
    provenance: { ...other.provenance, ...first.provenance },
  };
}

function columnsOf(leads: readonly NormalizedLead[]): unknown[] {
  const texts = leads.map((lead) => [
    lead.source,
    lead.portal,
    lead.role,
    lead.name,
    lead.company,
    lead.email,
    lead.phone,
    lead.phoneExtension,
    lead.request,
    lead.address,
    lead.city,
    lead.state,
    lead.zip,
    lead.signal,
    lead.sourceUrl,
    lead.sourceRowId,
  ]);
  return [
    leads.map((lead) => lead.leadKey),
    ...TEXT_COLUMNS.map((_, column) => texts.map((row) => row[column] ?? null)),
    leads.map((lead) => lead.value),
    leads.map((lead) => lead.demo),
    leads.map((lead) => JSON.stringify(lead.provenance)),
  ];
}

async function withoutSuppressed(tx: Executor, leads: readonly NormalizedLead[]): Promise<readonly NormalizedLead[]> {
  const key = await getSuppressionKey(tx);
  const entries = leads.flatMap((lead, position) =>
    suppressionEntriesOf(lead, key).map((entry) => ({ position, ...entry })),
  );
  const hits = await tx.query<{ position: number }>(FIND_SUPPRESSED, [
    entries.map((entry) => entry.position),
    entries.map((entry) => entry.kind),
    entries.map((entry) => entry.hash),
  ]);
  const refused = new Set(hits.map((hit) => hit.position));
  return refused.size === 0 ? leads : leads.filter((_, position) => !refused.has(position));
}
