import type { Db, Executor } from '../db/create-db.ts';
import type { PortalOrigin } from '../db/schema/vocabulary.ts';
import type { Portal } from './portal.ts';

/**
 * Makes the portals of one origin in the database equal to `portals`: new ones are added, known ones updated, vanished
 * ones removed. `enabled` of a known one stays as a person set it, and a portal of another origin is never taken over.
 * Idempotent; several processes may call it at once.
 */
export async function syncPortals(db: Db, portals: readonly Portal[], origin: PortalOrigin): Promise<void> {
  await db.transaction(async (tx) => {
    for (const portal of portals) await upsertPortal(tx, { ...portal, origin });
    await tx.query('delete from portals where origin = $1 and not (id = any($2::text[]))', [
      origin,
      portals.map((portal) => portal.id),
    ]);
  });
}

/** Writes nothing where the id belongs to another origin. */
async function upsertPortal(tx: Executor, portal: Portal): Promise<void> {
  await tx.query(
    `insert into portals (id, source, kind, name, state, county, city, url, fields, signal, rate_limit_ms, origin, enabled, note)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, $13, $14)
     on conflict (id) do update set
       source = excluded.source, kind = excluded.kind, name = excluded.name, state = excluded.state,
       county = excluded.county, city = excluded.city, url = excluded.url, fields = excluded.fields,
       signal = excluded.signal, rate_limit_ms = excluded.rate_limit_ms, note = excluded.note
     where portals.origin = excluded.origin`,
    [
      portal.id,
      portal.source,
      portal.kind,
      portal.name,
      portal.state,
      portal.county,
      portal.city,
      portal.url,
      JSON.stringify(portal.fields),
      portal.signal,
      portal.rateLimitMs,
      portal.origin,
      portal.enabled,
      portal.note,
    ],
  );
}
