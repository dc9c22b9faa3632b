import type { AttemptOutcome } from '../db/schema/vocabulary.ts';

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
