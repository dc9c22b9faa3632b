import type { KeptDays } from '#lib/archive/kept-days.ts';

const DAY_MS = 86_400_000;

/** How long rows are kept, in ms. */
export interface Retention {
  /** Log lines of sessions. */
  logsMs: number;
  /** Requests of sessions. */
  requestsMs: number;
  /** Pages that failed, after they have expired. */
  snapshotsMs: number;
  /** What is known of pages that were read, since it was last seen. */
  validatorsMs: number;
  /** Ended attempts, which the dashboard's figures are made of; those of a session that is still there stay with it. */
  metricsMs: number;
  /** Ended sessions, with which leads they saw; the leads themselves stay. */
  sessionsMs: number;
  /** Batches without sessions, and with them their idempotency keys. */
  batchesMs: number;
  /** Runs of schedules whose sessions are gone, too. */
  scheduleRunsMs: number;
  /** Workers and bots that have stopped or crashed. */
  workersMs: number;
  /** Tokens that were revoked or ran out. */
  tokensMs: number;
  /** Bans of a proxy by a host, after their end: the next one of the two is longer as long as this one is known. */
  bansMs: number;
  /** The pace and slots of hosts that nobody asked, and robots.txt files that nobody read, since then. */
  hostsMs: number;
}

/** What is kept how long: three ages by the settings, the rest by its nature. */
export function retentionOf(kept: KeptDays): Retention {
  const sessionsMs = kept.EKO_KEEP_SESSIONS_DAYS * DAY_MS;
  const logsMs = kept.EKO_KEEP_LOGS_DAYS * DAY_MS;
  return {
    logsMs,
    requestsMs: logsMs,
    snapshotsMs: 0,
    validatorsMs: 30 * DAY_MS,
    metricsMs: kept.EKO_KEEP_METRICS_DAYS * DAY_MS,
    sessionsMs,
    batchesMs: sessionsMs,
    scheduleRunsMs: sessionsMs,
    workersMs: 7 * DAY_MS,
    tokensMs: sessionsMs,
    bansMs: DAY_MS,
    hostsMs: 30 * DAY_MS,
  };
}
