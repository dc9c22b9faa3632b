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
  /** Each counted up to 10,000. */
  sessions: Record<SessionStatus, number>;
  /** True where a count stopped at 10,000. */
  capped: boolean;
  queue: { waiting: number; oldestWaitingMs: number | null };
  workers: { total: number; running: number };
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
