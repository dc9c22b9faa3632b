import type { Executor } from '#lib/db/create-db.ts';

/** Gives back the request slots that a dead worker held on hosts; each host still rests for its gap. Safe to repeat. */
const RELEASE_HOST_SLOTS = `
select release_worker_slots($1::text)
where not exists (select from worker_instances where worker_id = $1::text and pid <> $2::int)`;

/** @param pid the process that is gone; nothing is taken from another one that has its name by now. */
export async function releaseHostSlots(db: Executor, workerId: string, pid: number | null = null): Promise<void> {
  await db.query(RELEASE_HOST_SLOTS, [workerId, pid]);
}
