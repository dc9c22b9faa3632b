import type { ProxyStatus } from '../db/schema/vocabulary.ts';
import type { ApiPage } from './answer.ts';

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
