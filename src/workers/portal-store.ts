import type { Executor } from '#lib/db/create-db.ts';
import { listEnabledPortals } from '#lib/portals/list-enabled-portals.ts';
import type { Portal } from '#lib/portals/portal.ts';
import type { WatermarkUpdate } from '#lib/scrapers/scraper-context.ts';

const FIND_WATERMARK = 'select read_until as "readUntil" from portal_watermarks where portal_id = $1 and scope = $2';

// A run that was told to look further back must not move the mark back, and no session moves the mark of another source.
const MOVE_WATERMARKS = `
  insert into portal_watermarks as mark (portal_id, scope, read_until, session_id)
  select distinct on (portal_id, scope) portal_id, scope, read_until, $4
  from unnest($1::text[], $2::text[], $3::timestamptz[]) as given (portal_id, scope, read_until)
  where not exists (
    select from portals p join scraping_sessions s on s.id = $4::bigint where p.id = portal_id and p.source <> s.source)
  order by portal_id, scope, read_until desc
  on conflict (portal_id, scope) do update
    set read_until = greatest(mark.read_until, excluded.read_until), session_id = excluded.session_id, updated_at = now()`;

/** What scrapers know of portals. */
export interface PortalStore {
  /** What the source may read now. */
  listEnabled(source: string): Promise<Portal[]>;
  /** How far a portal was read for a scope; null when never. */
  findWatermark(portalId: string, scope: string): Promise<Date | null>;
}

export class PgPortalStore implements PortalStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  listEnabled(source: string): Promise<Portal[]> {
    return listEnabledPortals(this.#db, source);
  }

  async findWatermark(portalId: string, scope: string): Promise<Date | null> {
    const [row] = await this.#db.query<{ readUntil: Date }>(FIND_WATERMARK, [portalId, scope]);
    return row?.readUntil ?? null;
  }
}

/** Moves watermarks on, never back. Part of the transaction that saves the leads they stand for. */
export async function moveWatermarks(
  tx: Executor,
  sessionId: number,
  watermarks: readonly WatermarkUpdate[],
): Promise<void> {
  if (watermarks.length === 0) return;
  await tx.query(MOVE_WATERMARKS, [
    watermarks.map((mark) => mark.portalId),
    watermarks.map((mark) => mark.scope),
    watermarks.map((mark) => mark.readUntil.toISOString()),
    sessionId,
  ]);
}
