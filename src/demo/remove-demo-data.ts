import type { Db } from '#lib/db/create-db.ts';

/** The setting that keeps removed demo data away over restarts. */
const DEMO_REMOVED_SETTING = 'demo_removed';

/**
 * Removes the demo's leads and publishers in one transaction, and remembers it, so that the next start does not bring them
 * back. Sessions stay: they are the record of what was run.
 */
export async function removeDemoData(db: Db): Promise<{ leads: number; portals: number }> {
  return await db.transaction(async (tx) => {
    const leads = await tx.query('delete from leads where demo returning id');
    await tx.query(`delete from portal_watermarks where portal_id in (select id from portals where origin = 'demo')`);
    const portals = await tx.query(`delete from portals where origin = 'demo' returning id`);
    await setRemoved(tx, true);
    return { leads: leads.length, portals: portals.length };
  });
}

/** Whether a person has removed the demo data. */
export async function isDemoRemoved(db: Pick<Db, 'query'>): Promise<boolean> {
  const rows = await db.query<{ value: unknown }>('select value from app_settings where key = $1', [
    DEMO_REMOVED_SETTING,
  ]);
  return rows[0]?.value === true;
}

/** Lets the demo come back at the next start. */
export async function restoreDemo(db: Pick<Db, 'query'>): Promise<void> {
  await setRemoved(db, false);
}

async function setRemoved(executor: Pick<Db, 'query'>, removed: boolean): Promise<void> {
  await executor.query(
    `insert into app_settings (key, value) values ($1, to_jsonb($2::boolean))
     on conflict (key) do update set value = excluded.value, updated_at = now()`,
    [DEMO_REMOVED_SETTING, removed],
  );
}
