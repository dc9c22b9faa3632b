/** The words that columns, code and the API share. One tuple each, used for the column's check and for the type. */

/** States of a session; the diagram is in src/workers/queue/README.md. */
export const SESSION_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/**
 * How one attempt (one claim) of a session ended.
 * `retry`, `failed`, `timed_out` and `crashed` count against max_retries; the others do not.
 */
export const ATTEMPT_OUTCOMES = [
  'completed',
  'retry',
  'failed',
  'timed_out',
  'crashed',
  'snoozed',
  'interrupted',
  'lost',
  'cancelled',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export const WORKER_STATUSES = ['starting', 'idle', 'running', 'draining', 'stopped', 'crashed'] as const;
export type WorkerStatus = (typeof WORKER_STATUSES)[number];

/** Whether a worker is a process of a manager or a program on another machine that speaks to the HTTP API. */
export const WORKER_KINDS = ['process', 'bot'] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

/** How well a machine can take work; the thresholds are in src/workers/nodes/node-health.ts. */
export const NODE_STATUSES = ['healthy', 'degraded', 'unhealthy', 'gone'] as const;
export type NodeStatus = (typeof NODE_STATUSES)[number];
/** Why a machine is gone that nobody stopped; stands in SQL as it is. */
export const SILENT_NODE_REASON = 'No sign of life from its manager';

/** What a person wants of a machine: paused ones claim nothing, draining ones also end their workers. */
export const NODE_MODES = ['active', 'paused', 'draining'] as const;
export type NodeMode = (typeof NODE_MODES)[number];

/** What becomes of occurrences that passed while nobody could start them. */
export const CATCH_UP_POLICIES = ['skip', 'latest', 'all'] as const;
export type CatchUpPolicy = (typeof CATCH_UP_POLICIES)[number];

/** What became of one occurrence of a schedule. */
export const SCHEDULE_RUN_OUTCOMES = ['started', 'overlapped', 'missed', 'refused'] as const;
export type ScheduleRunOutcome = (typeof SCHEDULE_RUN_OUTCOMES)[number];

export const PROXY_STATUSES = ['testing', 'active', 'cooling', 'failed', 'disabled'] as const;
export type ProxyStatus = (typeof PROXY_STATUSES)[number];

export const PORTAL_KINDS = ['socrata', 'arcgis', 'ckan'] as const;
export type PortalKind = (typeof PORTAL_KINDS)[number];

/** Where a portal came from: shipped with the code, EKO_PORTALS_FILE, POST /api/portals, or the bundled demo server. */
export const PORTAL_ORIGINS = ['builtin', 'file', 'api', 'demo'] as const;
export type PortalOrigin = (typeof PORTAL_ORIGINS)[number];

/** What a permit says about a household's next purchase. */
export const SIGNALS = ['solar', 're-roof', 'panel-upgrade', 'ev-charger', 'battery', 'new-home'] as const;
export type Signal = (typeof SIGNALS)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the last look at a host's /robots.txt found (RFC 9309 section 2.3.1). */
export const ROBOTS_OUTCOMES = ['rules', 'none', 'unreachable'] as const;
export type RobotsOutcome = (typeof ROBOTS_OUTCOMES)[number];

export const SUPPRESSION_KINDS = ['email', 'phone', 'domain', 'address'] as const;
export type SuppressionKind = (typeof SUPPRESSION_KINDS)[number];

export const ROLES = ['viewer', 'operator', 'admin', 'bot', 'worker'] as const;
export type Role = (typeof ROLES)[number];
