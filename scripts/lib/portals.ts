import { demoPortals } from '#demo/demo-portals.ts';
import { isDemoRemoved } from '#demo/remove-demo-data.ts';
import type { Db } from '#lib/db/create-db.ts';
import { BUILTIN_PORTALS } from '#lib/portals/builtin-portals.ts';
import { readPortalsFile } from '#lib/portals/read-portals-file.ts';
import { syncPortals } from '#lib/portals/sync-portals.ts';

/**
 * Makes the portals in the database those of this start: the built-in ones, those of EKO_PORTALS_FILE, and the demo's
 * unless a person removed it. Without a demo server its portals go: nobody would answer.
 * @throws InvalidInputError when the file cannot be used.
 */
export async function syncAllPortals(
  db: Db,
  options: { file: string | undefined; demoOrigin: string | null },
): Promise<void> {
  const fromFile = options.file ? await readPortalsFile(options.file) : [];
  await syncPortals(db, BUILTIN_PORTALS, 'builtin');
  await syncPortals(db, fromFile, 'file');
  const showDemo = options.demoOrigin !== null && !(await isDemoRemoved(db));
  await syncPortals(db, showDemo && options.demoOrigin ? demoPortals(options.demoOrigin) : [], 'demo');
}
