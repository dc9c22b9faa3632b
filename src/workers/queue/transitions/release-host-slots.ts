import type { Executor } from '#lib/db/create-db.ts';

/** Gives back the request slots that a dead worker held on hosts; each host still rests for its gap. Safe to repeat. */
const RELEASE_HOST_SLOTS = 'select release_worker_slots($1::text)';

export async function releaseHostSlots(db: Executor, workerId: string): Promise<void> {
  await db.query(RELEASE_HOST_SLOTS, [workerId]);
}
