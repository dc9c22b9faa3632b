import { createHash } from 'node:crypto';

/** The targets that one occurrence starts: `batchSize` of them from `position` on, going round; null is all. */
export function chooseTargets<Target>(
  targets: readonly Target[],
  batchSize: number | null,
  position: number,
): { chosen: { target: Target; index: number }[]; nextPosition: number } {
  const total = targets.length;
  if (total === 0) return { chosen: [], nextPosition: 0 };
  const count = Math.min(batchSize ?? total, total);
  const chosen: { target: Target; index: number }[] = [];
  for (let step = 0; step < count; step += 1) {
    const index = (position + step) % total;
    const target = targets[index];
    if (target !== undefined) chosen.push({ target, index });
  }
  return { chosen, nextPosition: (position + count) % total };
}

/**
 * How long after its occurrence a session waits, in ms: spread evenly over the jitter, and the same whoever computes it.
 * @param index The target's place in the schedule.
 */
export function jitterMs(scheduleId: number, occurrence: Date, index: number, jitterSeconds: number): number {
  if (jitterSeconds <= 0) return 0;
  const hash = createHash('sha256').update(`${scheduleId}/${occurrence.toISOString()}/${index}`).digest();
  return Math.floor((hash.readUInt32BE(0) / 2 ** 32) * jitterSeconds * 1000);
}
