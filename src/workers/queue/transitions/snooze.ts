import type { Executor } from '#lib/db/create-db.ts';
import { storableText } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import {
  endAttempts,
  HELD_BY_CLAIM,
  type HostKeyOption,
  hostKeyParameters,
  msFromNow,
  nextHostKey,
} from './end-attempts.ts';
import { type SettledSession, settleOne } from './settle-one.ts';

export interface SnoozeOptions extends HostKeyOption {
  delayMs: number;
  /** For people, such as "data.example.gov asked for 120 s of rest". */
  reason: string;
  stats?: AttemptStats | undefined;
}

/** Back to pending for a while, without charging an attempt: the session did nothing wrong. */
const SNOOZE = endAttempts({
  held: HELD_BY_CLAIM,
  status: `'pending'`,
  outcome: `'snoozed'`,
  reason: '$3::text',
  wakeAt: msFromNow('$4::int'),
  stats: '$5::jsonb',
  hostKey: nextHostKey('$6', '$7'),
});

export function snoozeSession(db: Executor, claim: Claim, options: SnoozeOptions): Promise<SettledSession> {
  const rest = [
    storableText(options.reason, 500),
    Math.round(options.delayMs),
    options.stats ?? null,
    ...hostKeyParameters(options),
  ];
  return settleOne(db, SNOOZE, claim, rest);
}
