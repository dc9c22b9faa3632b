import type { SessionStatus, WorkerStatus } from '../db/schema/vocabulary.ts';

/** A row of GET /api/workers */
export interface ApiWorker {
  workerId: string;
  nodeId: string;
  hostname: string;
  pid: number;
  status: WorkerStatus;
  startedAt: string;
  lastHeartbeat: string;
  uptimeSeconds: number;
  stoppedAt: string | null;
  stopReason: string | null;
  currentJob: number | null;
  /** The sessions it runs now. */
  sessions: { id: number; source: string; location: string }[];
  concurrency: number;
  jobsProcessed: number;
  jobsSucceeded: number;
  jobsFailed: number;
  memoryMb: number | null;
  version: string | null;
}

/** GET /api/metrics/summary */
export interface ApiSummary {
  /** The database's clock. */
  now: string;
  environment: string;
  /** All that there ever were: those that were pruned, and up to 10,000 of those that are there. */
  sessions: Record<SessionStatus, number>;
  /** The states of which more than 10,000 are there: their number in `sessions` is "that many or more". */
  capped: SessionStatus[];
  /** `capped`: more than 10,000 wait, of which 10,000 are counted. */
  queue: { waiting: number; capped: boolean; oldestWaitingMs: number | null };
  workers: { total: number; running: number };
  /** Living ones. */
  bots: { total: number };
  leads: { total: number; demo: number; newLast24h: number };
  sources: ApiSourceMetrics[];
}

export interface ApiSourceMetrics {
  source: string;
  lastHour: ApiSourceWindow;
  last24h: ApiSourceWindow;
}

export interface ApiSourceWindow {
  attempts: number;
  completed: number;
  failed: number;
  /** completed / (completed + failed), 0 to 1; null when nothing ended. */
  successRate: number | null;
  leadsFound: number;
  leadsNew: number;
  requestsMade: number;
  requestsFailed: number;
}
