import type { NodeMode, NodeStatus } from '../db/schema/vocabulary.ts';

/** What GET /api/nodes and GET /api/cluster/status answer. Times are ISO 8601, percentages 0 to 100, rates 0 to 1. */

/** A machine with a manager. */
export interface ApiNode {
  nodeId: string;
  hostname: string;
  managerPid: number;
  version: string | null;
  /** `gone`: its manager was stopped or has fallen silent. */
  status: NodeStatus;
  /** Why it is not healthy, one sentence each. */
  statusReasons: string[];
  statusSince: string;
  /** What people want of it. */
  mode: NodeMode;
  /** As many as its manager was started with. */
  configuredWorkers: number;
  /** As many as there shall be now: what people asked for, else `configuredWorkers`; none while it is drained. */
  desiredWorkers: number;
  /** Whether people asked for another number than it was started with. */
  scaled: boolean;
  /** Worker processes that live, also those that are just leaving. */
  activeWorkers: number;
  /** Sessions that it runs now. */
  activeWork: number;
  /** Always 0: sessions wait in one queue for all machines, never at one of them. */
  pendingWork: number;
  /** Sessions per worker. */
  concurrency: number;
  /** Of what the machine, or its container, may use; null where that cannot be found out. */
  cpuPercent: number | null;
  memoryPercent: number | null;
  diskPercent: number | null;
  cpuCount: number | null;
  memoryLimitMb: number | null;
  /** Since its manager started. */
  errors: number;
  warnings: number;
  startedAt: string;
  lastSeenAt: string;
}

/** GET /api/cluster/status */
export interface ApiClusterStatus {
  /** The database's clock. */
  now: string;
  nodes: Record<NodeStatus, number> & { total: number };
  work: {
    total: number;
    pending: number;
    active: number;
    completed: number;
    failed: number;
    cancelled: number;
    /** Of which more than 10,000 are there besides those that were pruned: their number, and so the total, is "that many or more". */
    capped: ('pending' | 'active' | 'completed' | 'failed' | 'cancelled')[];
  };
  kpis: ApiClusterKpis;
  /** Each machine with its state, use and work. */
  items: ApiNode[];
}

/** Null where nothing happened that could be rated. The rates are of the last 24 hours. */
export interface ApiClusterKpis {
  /** Of the sessions that came to an end (completed, failed or cancelled), the share that completed. */
  completionRate: number | null;
  /** Of the tries that had a verdict, the share that succeeded; a session may need several. */
  successRate: number | null;
  /** Of the claims, the share that their worker itself brought to an end: it neither died nor was lost meanwhile. */
  claimSuccessRate: number | null;
  /** Of the places for sessions that living workers have, the share that is in use now. */
  utilisation: number | null;
  completedLastHour: number;
}
