import type { SessionStatus } from '#lib/db/schema/vocabulary.ts';

/** Some of the sessions, as one partial index of scraping_sessions has them. */
export interface StatusScan {
  /** Implies the predicate of the index: a parameter could not, nor could a join. */
  where: string;
  /** As the index is ordered: with it, the planner does not walk the table in the hope of early rows. */
  order?: string;
}

/**
 * The sessions of each state, none of them twice. What is pending can be claimed, or sleeps, or stands in the line of its host,
 * which it then has. Completed sessions have no index: theirs would cost each session a write, and they are most of the table.
 */
const STATUS_SCANS: Record<SessionStatus, readonly StatusScan[]> = {
  pending: [
    { where: `s.status = 'pending' and s.wake_at is null`, order: 's.source, (-s.priority), s.id' },
    { where: `s.status = 'pending' and s.wake_at < 'infinity'`, order: 's.wake_at' },
    {
      where: `s.status = 'pending' and s.wake_at = 'infinity' and s.host_key is not null`,
      order: 's.host_key, s.wake_at, (-s.priority), s.id',
    },
  ],
  running: [{ where: `s.status = 'running'`, order: 's.worker_id' }],
  completed: [{ where: `s.status = 'completed'` }],
  failed: [{ where: `s.status = 'failed'`, order: 's.id' }],
  cancelled: [{ where: `s.status = 'cancelled'`, order: 's.id' }],
};

/** The scans that together find the sessions of some states, or of all. */
export function scansOf(statuses: readonly SessionStatus[] | undefined): readonly StatusScan[] {
  return statuses?.flatMap((status) => STATUS_SCANS[status]) ?? [{ where: 'true' }];
}
