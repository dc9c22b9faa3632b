import type { SessionPart, SessionProgress, StoredError } from './db/schema/scraping-sessions.ts';
import type {
  AttemptOutcome,
  LogLevel,
  PortalKind,
  PortalOrigin,
  ProxyStatus,
  Role,
  SessionStatus,
  Signal,
  WorkerStatus,
} from './db/schema/vocabulary.ts';
import type { LeadProvenance } from './leads/lead.ts';
import type { PortalFields } from './portals/portal.ts';
import type { ScraperConfig } from './scraper-config.ts';

/** The JSON of the HTTP API, as routes send it and the dashboard reads it. Every time is ISO 8601 with its zone. */

export interface ApiPage<T> {
  items: T[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

export interface ApiErrorBody {
  error: { code: string; message: string; details?: ApiErrorDetail[] };
}

/** One field that was refused, such as `{ field: "location", message: "…" }`. */
export interface ApiErrorDetail {
  field: string;
  message: string;
}

/** GET /healthz */
export interface ApiHealth {
  status: 'ok' | 'degraded';
  database: 'ok' | 'unreachable';
  version: string;
}

/** GET /api/auth/me */
export interface ApiAccount {
  role: Role;
}

/** POST /api/scraping/trigger */
export interface ApiTriggerRequest {
  location: string;
  sources?: string[];
  priority?: number;
  params?: { signal?: Signal[] | 'any'; since?: string; maxRows?: number };
  maxRetries?: number;
  idempotencyKey?: string;
}

export interface ApiTriggerResponse {
  batchId: string;
  sessions: { id: number; source: string; location: string; status: SessionStatus }[];
}

/** A row of GET /api/sessions */
export interface ApiSession {
  id: number;
  batchId: string;
  source: string;
  location: string;
  status: SessionStatus;
  statusReason: string | null;
  cancelRequested: boolean;
  priority: number;
  retryCount: number;
  maxRetries: number;
  leadsFound: number;
  leadsNew: number;
  workerId: string | null;
  createdAt: string;
  wakeAt: string | null;
  startedAt: string | null;
  completedAt: string | null;
  /** In lists without `parts`. */
  progress: SessionProgress | null;
  /** In lists without `stack`, `cause` and `context`. */
  error: StoredError | null;
}

/** GET /api/sessions/ID */
export interface ApiSessionDetail extends ApiSession {
  /** What it is doing, as one sentence; src/lib/sessions/state-in-words.ts makes the same one. */
  stateInWords: string;
  params: Record<string, unknown>;
  crashCount: number;
  proxyUsed: string | null;
  timeoutAt: string | null;
  /** Newest first. */
  attempts: ApiAttempt[];
  /** How many waiting sessions of the source will be taken before this one; null unless pending. */
  waitingAhead?: number | null;
}

export interface ApiAttempt {
  id: number;
  claimNumber: number;
  startedAt: string | null;
  endedAt: string;
  durationMs: number;
  outcome: AttemptOutcome;
  workerId: string | null;
  proxyUsed: string | null;
  requestsMade: number;
  requestsFailed: number;
  bytesReceived: number;
  leadsFound: number;
  leadsNew: number;
  error: StoredError | null;
}

/** A line of GET /api/sessions/ID/logs (oldest first; `cursor` continues after the last line seen). */
export interface ApiLogLine {
  id: number;
  at: string;
  level: LogLevel;
  claimNumber: number;
  workerId: string | null;
  message: string;
  context: Record<string, unknown> | null;
}

/** A row of GET /api/leads */
export interface ApiLead {
  id: number;
  source: string;
  portal: string;
  sessionId: number;
  batchId: string;
  location: string;
  role: string;
  name: string | null;
  company: string | null;
  email: string | null;
  phone: string | null;
  phoneExtension: string | null;
  request: string | null;
  address: string | null;
  city: string | null;
  state: string | null;
  zip: string | null;
  value: number | null;
  signal: Signal | null;
  sourceUrl: string | null;
  sourceRowId: string;
  firstSeenAt: string;
  lastSeenAt: string;
  seenCount: number;
  demo: boolean;
  provenance: LeadProvenance;
}

/** GET /api/leads/ID */
export interface ApiLeadDetail extends ApiLead {
  /** The same person elsewhere: leads with the same phone or e-mail address. */
  linked: ApiLead[];
}

/** A row of GET /api/sources */
export interface ApiSource {
  source: string;
  label: string;
  description: string;
  note?: string;
  config: ScraperConfig;
  /** How many enabled portals it reads. */
  portalCount: number;
}

/** A row of GET /api/portals */
export interface ApiPortal {
  id: string;
  source: string;
  kind: PortalKind;
  name: string;
  state: string;
  county: string | null;
  city: string | null;
  url: string;
  fields: PortalFields;
  signal: Signal | null;
  /** Gap between two requests to its host in ms; null: the source's default. */
  rateLimitMs: number | null;
  origin: PortalOrigin;
  enabled: boolean;
  note: string | null;
}

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

/** A row of GET /api/proxies */
export interface ApiProxy {
  id: number;
  protocol: string;
  host: string;
  port: number;
  status: ProxyStatus;
  successCount: number;
  failureCount: number;
  successRate: number | null;
  avgResponseTimeMs: number | null;
  lastCheckedAt: string | null;
  lastUsedAt: string | null;
  coolingUntil: string | null;
  lastError: string | null;
}

/** The data of a "change" message of GET /api/events: what to fetch again, never rows. */
export interface ApiChange {
  topics: string[];
  sessionIds?: number[];
}

export type { SessionPart, SessionProgress, StoredError };
