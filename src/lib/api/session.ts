import type { SessionPart, SessionProgress, StoredError } from '../db/schema/scraping-sessions.ts';
import type { AttemptOutcome, LogLevel, SessionStatus, Signal } from '../db/schema/vocabulary.ts';
import type { HostState } from '../hosts/host-state.ts';

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
  /** How many waiting sessions of the source will be taken before this one, counted up to 1,000; null unless pending. */
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

export type { SessionPart, SessionProgress, StoredError };
