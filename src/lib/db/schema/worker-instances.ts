import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, real, text } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import {
  NODE_MODES,
  NODE_STATUSES,
  type NodeMode,
  type NodeStatus,
  WORKER_KINDS,
  WORKER_STATUSES,
  type WorkerKind,
  type WorkerStatus,
} from './vocabulary.ts';

/**
 * One row per worker process or remote bot. `lease_until` is moved on by the heartbeat of the worker's manager, or of the bot
 * itself; when it has passed, the worker's sessions may be given to others.
 */
export const workerInstances = pgTable(
  'worker_instances',
  {
    workerId: text('worker_id').primaryKey(),
    nodeId: text('node_id').notNull(),
    hostname: text('hostname').notNull(),
    pid: integer('pid').notNull(),
    managerPid: integer('manager_pid'),
    status: text('status').$type<WorkerStatus>().notNull().default('starting'),
    startedAt: instant('started_at').notNull().defaultNow(),
    lastHeartbeat: instant('last_heartbeat').notNull().defaultNow(),
    leaseUntil: instant('lease_until').notNull(),
    stoppedAt: instant('stopped_at'),
    stopReason: text('stop_reason'),
    currentJobId: bigint('current_job_id', { mode: 'number' }),
    activeSessions: integer('active_sessions').notNull().default(0),
    concurrency: integer('concurrency').notNull().default(1),
    jobsProcessed: integer('jobs_processed').notNull().default(0),
    jobsSucceeded: integer('jobs_succeeded').notNull().default(0),
    jobsFailed: integer('jobs_failed').notNull().default(0),
    memoryMb: integer('memory_mb'),
    version: text('version'),
    kind: text('kind').$type<WorkerKind>().notNull().default('process'),
    /** Of a bot: what people call it, the token it came with, and the sources it can scrape. */
    name: text('name'),
    tokenId: bigint('token_id', { mode: 'number' }),
    sources: text('sources').array(),
    /** When its process was forked, by the clock of its machine: tells the processes that bear one name after another apart. */
    processStartedAt: instant('process_started_at'),
  },
  (table) => [
    check('worker_instances_kind', sql`${table.kind} in (${quotedList(WORKER_KINDS)})`),
    check('worker_instances_status', sql`${table.status} in (${quotedList(WORKER_STATUSES)})`),
    // Serves: the workers of today without walking every worker that ever was.
    index('worker_instances_status').on(table.status),
  ],
);

/**
 * One row per machine with a manager, written at each heartbeat. What people want of it (`mode`, `desired_workers`) is written by the
 * dashboard and read back by the manager; null in `desired_workers` is as many as it was started with.
 */
export const nodes = pgTable(
  'nodes',
  {
    nodeId: text('node_id').primaryKey(),
    hostname: text('hostname').notNull(),
    managerPid: integer('manager_pid').notNull(),
    version: text('version'),
    status: text('status').$type<NodeStatus>().notNull().default('healthy'),
    /** Why it is not healthy, one sentence each. */
    statusReasons: text('status_reasons').array().notNull().default(sql`'{}'`),
    statusSince: instant('status_since').notNull().defaultNow(),
    mode: text('mode').$type<NodeMode>().notNull().default('active'),
    configuredWorkers: integer('configured_workers').notNull(),
    desiredWorkers: integer('desired_workers'),
    activeWorkers: integer('active_workers').notNull().default(0),
    activeSessions: integer('active_sessions').notNull().default(0),
    concurrency: integer('concurrency').notNull().default(1),
    /** Of what the machine, or the container, may use; null where that cannot be found out. */
    cpuPercent: real('cpu_percent'),
    memoryPercent: real('memory_percent'),
    diskPercent: real('disk_percent'),
    cpuCount: real('cpu_count'),
    memoryLimitMb: integer('memory_limit_mb'),
    /** Errors and warnings that manager and workers have met since the manager started. */
    errors: integer('errors').notNull().default(0),
    warnings: integer('warnings').notNull().default(0),
    startedAt: instant('started_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    /** The token with which its manager came over HTTP; null where that has the database. */
    tokenId: bigint('token_id', { mode: 'number' }),
    /** How long it may say nothing, as its own settings have it. */
    leaseMs: integer('lease_ms').notNull().default(30_000),
  },
  (table) => [
    check('nodes_status', sql`${table.status} in (${quotedList(NODE_STATUSES)})`),
    check('nodes_mode', sql`${table.mode} in (${quotedList(NODE_MODES)})`),
    check('nodes_desired_workers', sql`${table.desiredWorkers} between 0 and 256`),
  ],
);
