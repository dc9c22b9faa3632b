import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { instant, quotedList } from './columns.ts';
import { WORKER_STATUSES, type WorkerStatus } from './vocabulary.ts';

/**
 * One row per worker process. `lease_until` is moved on by the heartbeat of the worker's manager;
 * when it has passed, the worker's sessions may be given to others.
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
  },
  (table) => [
    check('worker_instances_status', sql`${table.status} in (${quotedList(WORKER_STATUSES)})`),
    // Serves: the workers of today without walking every worker that ever was.
    index('worker_instances_status').on(table.status),
  ],
);
