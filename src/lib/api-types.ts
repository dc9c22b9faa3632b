import type { ScheduleTarget } from './db/schema/schedules.ts';
import type { SessionPart, SessionProgress, StoredError } from './db/schema/scraping-sessions.ts';
import type {
  AttemptOutcome,
  CatchUpPolicy,
  LogLevel,
  PortalKind,
  PortalOrigin,
  ProxyStatus,
  RobotsOutcome,
  Role,
  ScheduleRunOutcome,
  SessionStatus,
  Signal,
  WorkerStatus,
} from './db/schema/vocabulary.ts';
import type { HostState } from './hosts/host-state.ts';
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
  /** Whether its schema and this program go together: it may be behind the program or ahead of it. */
  schema: 'ok' | 'behind' | 'ahead' | 'unknown';
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
  /** The host in whose line it waits to be called; null where no host holds it up, or where `wakeAt` says until when. */
  inLineFor: string | null;
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
  /** The host that it asks next, as far as known. */
  hostKey: string | null;
  params: Record<string, unknown>;
  crashCount: number;
  proxyUsed: string | null;
  timeoutAt: string | null;
  /** Newest first. */
  attempts: ApiAttempt[];
  /** How many waiting sessions of the source will be taken before this one; null unless pending. */
  waitingAhead?: number | null;
  /** The host that it waits for; null when it does not wait, or waits for something else. */
  waitsFor: ApiHostWait | null;
}

/** Why a session does not go on: its host may not be asked, or others are asking it. */
export interface ApiHostWait {
  hostKey: string;
  state: HostState;
  /** When the host may be asked again, as far as known. */
  until: string | null;
  reason: string | null;
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
  /** Not meant by "all sources": started only where it is named. */
  byNameOnly?: true;
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

/** What became of one occurrence of a schedule. */
export interface ApiScheduleRun {
  /** The moment that the schedule names; of a run by hand, that of the click. */
  occurrence: string;
  outcome: ScheduleRunOutcome;
  byHand: boolean;
  /** Its sessions are those of this batch; null where none were started. */
  batchId: string | null;
  sessions: number;
  /** Why it was not started, or which targets were left out. */
  reason: string | null;
  at: string;
}

/** A row of GET /api/schedules */
export interface ApiSchedule {
  id: number;
  name: string;
  /** Either this with its time zone, or `everyMinutes`. */
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
  /** When it runs, in plain words. */
  description: string;
  /** Why its rule cannot be read; null when it can. */
  problem: string | null;
  targets: ScheduleTarget[];
  /** How many of the targets one run starts, going round; null is all. */
  batchSize: number | null;
  priority: number;
  maxRetries: number | null;
  jitterSeconds: number;
  allowOverlap: boolean;
  catchUp: CatchUpPolicy;
  catchUpMax: number;
  paused: boolean;
  /** Null while it is paused, and where no run follows. */
  nextAt: string | null;
  lastRun: ApiScheduleRun | null;
  createdAt: string;
  updatedAt: string;
}

/** GET /api/schedules/ID */
export interface ApiScheduleDetail extends ApiSchedule {
  /** The next five runs. */
  next: string[];
  /** The latest hundred, newest first. */
  runs: ApiScheduleRun[];
}

/** GET /api/schedules/preview */
export interface ApiSchedulePreview {
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
  description: string;
  /** The next five runs. */
  next: string[];
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

/** A row of GET /api/proxies: the proxy and its health. A password goes in and never comes out. */
export interface ApiProxy {
  id: number;
  protocol: string;
  host: string;
  port: number;
  username: string | null;
  hasPassword: boolean;
  status: ProxyStatus;
  /** Lower is preferred. */
  tier: number;
  /** Requests that may use it at once, per worker. */
  maxInflight: number;
  successCount: number;
  failureCount: number;
  /** Over its last uses and checks, 0 to 1; null before the first. */
  successRate: number | null;
  avgResponseTimeMs: number | null;
  lastCheckedAt: string | null;
  lastUsedAt: string | null;
  coolingUntil: string | null;
  lastError: string | null;
  /** The address that sites see, as our echo endpoint saw it. */
  exitAddress: string | null;
  /** How many other proxies have the same exit address. */
  sharesExitWith: number;
  /** Request headers that it added or that give our address away. */
  headerLeaks: string[];
  /** Hosts that refuse it now, the longest ban first. */
  bans: ApiProxyBan[];
}

export interface ApiProxyBan {
  hostKey: string;
  until: string;
  reason: string;
}

/** GET /api/proxies (filters `status`, `text`): a page, and how many there are in each state whatever the filters say. */
export interface ApiProxyPage extends ApiPage<ApiProxy> {
  counts: Record<ProxyStatus, number>;
}

/** POST /api/proxies: one proxy, or a list with one a line in any of the usual formats. */
export type ApiProxyRequest = { url: string; tier?: number } | { list: string; tier?: number };

export interface ApiProxyImport {
  added: number;
  /** Lines that name a proxy that was there already. */
  known: number;
  problems: { line: number; problem: string }[];
}

/** A row of GET /api/sessions/ID/requests (newest first; filter `problems`). */
export interface ApiSessionRequest {
  id: number;
  at: string;
  method: string;
  url: string;
  /** Null where no answer came. */
  status: number | null;
  durationMs: number;
  wireBytes: number;
  /** `host:port`; null for a direct request. */
  proxy: string | null;
  /** What the fetch stack made of it: done, retry, throttled, blocked, skipped, … */
  verdict: string;
  reason: string | null;
  /** The key of GET /api/snapshots/SIGNATURE, if the page was kept. */
  snapshotSignature: string | null;
}

/** GET /api/snapshots/SIGNATURE: the first page of a failure signature. */
export interface ApiPageSnapshot {
  signature: string;
  takenAt: string;
  lastSeenAt: string;
  seenCount: number;
  expiresAt: string;
  status: number;
  source: string;
  url: string;
  verdict: string;
  /** What spoke for the verdict (or, with a negative weight, against it). */
  evidence: { rule: string; weight: number; detail: string }[];
  headers: Record<string, string>;
  /** At most 64 KiB of foreign text: to be shown as text, never as a page. */
  body: string;
}

/** A row of GET /api/hosts (those that may not be asked first; filters `state`, `text`). */
export interface ApiHost {
  hostKey: string;
  state: HostState;
  /** Between two requests, in ms: the largest of `gaps`. */
  gapMs: number;
  /** Which of `gaps` is in force. */
  gapReason: keyof ApiHostGaps;
  gaps: ApiHostGaps;
  maxInflight: number;
  /** Requests under way, over all workers. */
  inFlight: number;
  /** Set while it asked for less (429, 503). */
  backoffUntil: string | null;
  /** How often in a row it asked for less. */
  strikes: number;
  /** Set while nobody may ask it. */
  pausedUntil: string | null;
  pauseReason: string | null;
  lastAskedAt: string | null;
  lastServedAt: string | null;
  lastError: string | null;
  /** Server errors, resets and time-outs in a row. */
  errorStreak: number;
  /** Sessions that wait and ask it next, as far as known; counted up to 1,000 in its line and 1,000 that are ready. */
  waitingSessions: number;
  robots: ApiHostRobots[];
}

/** In ms: what its source promises, what its robots.txt asks for, and what errors have raised it to. 0 where there is none. */
export interface ApiHostGaps {
  source: number;
  crawlDelay: number;
  slowed: number;
}

/** GET /api/hosts: a page, and how many there are in each state whatever the filters say. */
export interface ApiHostPage extends ApiPage<ApiHost> {
  counts: Record<HostState, number>;
}

/** The robots.txt of one origin, as last seen. */
export interface ApiHostRobots {
  origin: string;
  /** "none": it has no rules. "unreachable": it could not be read, so its pages wait. */
  outcome: RobotsOutcome;
  httpStatus: number | null;
  reason: string | null;
  fetchedAt: string;
  expiresAt: string;
  crawlDelayMs: number | null;
  /** The first 20; `sitemapCount` counts them all. */
  sitemaps: string[];
  sitemapCount: number;
}

/** A row of GET /api/tokens. The token itself is shown once, when it is made. */
export interface ApiToken {
  id: number;
  name: string;
  role: Role;
  /** Of a bot's token: the only sources that it may claim; null is all. */
  sources: string[] | null;
  createdAt: string;
  /** To the minute. */
  lastUsedAt: string | null;
  /** Null: never. */
  expiresAt: string | null;
  revokedAt: string | null;
}

/** POST /api/tokens */
export interface ApiNewToken extends ApiToken {
  /** Not kept: whoever loses it makes another one. */
  token: string;
}

/** POST /api/bots/register */
export interface ApiRegisteredBot {
  botId: string;
  /** How often to call POST /api/bots/heartbeat. */
  heartbeatSeconds: number;
  /** A bot that was silent for so long is down, and its sessions go to others. */
  leaseSeconds: number;
  /** How soon a claimed session must be started. */
  startSeconds: number;
}

/** POST /api/bots/heartbeat */
export interface ApiBotBeat {
  botId: string;
  heartbeatSeconds: number;
  leaseSeconds: number;
  /** What the bot must stop working on. */
  stop: ApiBotOrder[];
}

export interface ApiBotOrder {
  sessionId: number;
  claimNumber: number;
  /** `stale`: the session is with somebody else, or has ended. */
  why: 'cancelled' | 'timeout' | 'stale';
}

/** An entry of POST /api/sessions/claim: what to do, and the rules to keep. */
export interface ApiClaim {
  id: number;
  /** Goes with every later call about this session. */
  claimNumber: number;
  batchId: string;
  source: string;
  location: string;
  params: Record<string, unknown>;
  /** What the last checkpoint of an earlier attempt saved; null on a first one. */
  cursor: unknown;
  priority: number;
  retryCount: number;
  maxRetries: number;
  leadsFound: number;
  /** Without POST /api/sessions/ID/start until then, it goes to others. */
  startBefore: string;
  rules: {
    /** Smallest gap between two requests to one host. */
    rateLimitMs: number;
    /** Requests that one host may have under way at once. */
    maxInflightPerHost: number;
    requestTimeoutMs: number;
    /** Time for all of it, counted from the claim. */
    sessionTimeoutMs: number;
    respectRobotsTxt: true;
  };
}

/** POST /api/sessions/ID/start */
export interface ApiStartedClaim {
  id: number;
  claimNumber: number;
  status: 'running';
  startedAt: string;
  timeoutAt: string;
  cancelRequested: boolean;
}

/** POST /api/sessions/ID/slot: the right to send one request to a host, in the line that everybody shares. */
export interface ApiHostSlot {
  /** What shares one pace: a registrable domain, or an address with its port. */
  hostKey: string;
  /** Null: not now; ask again in `waitMs`, or hand the session back for so long. */
  slotId: number | null;
  /** When the request may go out. */
  waitMs: number;
  /** Why there is no slot: in-flight, pacing, back-off, or why the host is paused. */
  reason: string | null;
}

/** A lead that was not saved, by its place in the list. */
export interface ApiRejectedLead {
  index: number;
  reason: string;
}

/** POST /api/sessions/ID/checkpoint. The counts are those of the whole session. */
export interface ApiSavedCheckpoint {
  id: number;
  claimNumber: number;
  status: 'running';
  leadsFound: number;
  leadsNew: number;
  cancelRequested: boolean;
  rejected: ApiRejectedLead[];
}

/** POST /api/sessions/ID/complete, /fail and /release. The counts are those of this claim. */
export interface ApiEndedClaim {
  id: number;
  claimNumber: number;
  /** What the session became at that moment. */
  status: 'completed' | 'failed' | 'cancelled' | 'pending';
  outcome: AttemptOutcome;
  leadsFound: number;
  leadsNew: number;
  /** Of /complete. */
  rejected?: ApiRejectedLead[];
}

/** A row of GET /api/bots */
export interface ApiBot {
  botId: string;
  name: string;
  hostname: string;
  version: string | null;
  /** The only sources that it can scrape; null is all. */
  sources: string[] | null;
  concurrency: number;
  /** `down`: silent for two minutes. `stopped`: it said goodbye, or was removed. */
  state: 'idle' | 'running' | 'down' | 'stopped';
  stopReason: string | null;
  tokenId: number | null;
  tokenName: string | null;
  registeredAt: string;
  lastHeartbeat: string;
  aliveUntil: string;
  jobsProcessed: number;
  jobsSucceeded: number;
  jobsFailed: number;
  /** The sessions it holds now. */
  sessions: { id: number; source: string; location: string; claimNumber: number }[];
}

/** The data of a "change" message of GET /api/events: what to fetch again, never rows. */
export interface ApiChange {
  topics: string[];
  sessionIds?: number[];
}

export type { SessionPart, SessionProgress, StoredError };
