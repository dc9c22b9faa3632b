import type { RobotsOutcome } from '../db/schema/vocabulary.ts';
import type { HostState } from '../hosts/host-state.ts';
import type { ApiPage } from './answer.ts';

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
