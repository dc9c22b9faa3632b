import { z } from 'zod';
import { NODE_MODES } from '#lib/db/schema/vocabulary.ts';
import { EVENT_TOPICS } from '#workers/events.ts';
import { call, count, id, instant, ms, name, nothing, words } from './call.ts';

/** How long the claims of a worker outlive its last heartbeat. */
const leaseMs = z.int().min(1_000).max(86_400_000);

/** How far somebody has heard what one process of a server has told of the queue. */
const signalMark = z.strictObject({ process: z.uuid(), position: count });
export type SignalMark = z.output<typeof signalMark>;

/** Several processes may stand behind one address, and answer in turn. */
export const SIGNAL_MARKS_MAX = 8;

const share = z.number().nullable();
const owner = { hostname: words, managerPid: z.int() };
const wish = z.strictObject({ mode: z.enum(NODE_MODES), desiredWorkers: count.nullable() });

/** What managers do for their workers and their machine. */
export const LEASE_CALLS = {
  /** Answered with why this program may not work on this server; null when it may. */
  findMisfit: call({}, words.nullable()),
  registerWorker: call(
    {
      workerId: name,
      nodeId: name,
      hostname: name,
      pid: count,
      managerPid: count.nullable(),
      concurrency: count.max(1_000),
      version: words.nullable(),
      processStartedAt: instant.nullable(),
      leaseMs,
    },
    nothing,
  ),
  releaseWorker: call(
    {
      workerId: name,
      cause: z.enum(['crashed', 'killed', 'stopped']),
      reason: words.optional(),
      /** The process that is gone. */
      pid: count.optional(),
    },
    count,
  ),
  renewLeases: call(
    {
      workers: z
        .array(
          z.strictObject({
            workerId: name,
            status: z.enum(['starting', 'idle', 'running', 'draining']),
            activeSessions: count,
            currentJobId: id.nullable().optional(),
            jobsProcessed: count,
            jobsSucceeded: count,
            jobsFailed: count,
            memoryMb: count.nullable().optional(),
          }),
        )
        .max(1_000),
      leaseMs,
    },
    z.strictObject({
      lost: z.array(name),
      abort: z.array(
        z.strictObject({ sessionId: id, claimNumber: count, workerId: name, why: z.enum(['cancelled', 'timeout']) }),
      ),
    }),
  ),
  rescue: call({}, count),
  tick: call({ sources: z.array(name).optional() }, z.strictObject({ ready: z.boolean() })),
  lookForWork: call(
    { sources: z.array(name), nodeId: name, managerPid: count },
    z.strictObject({ isReady: z.boolean(), dueInMs: z.number().nullable() }),
  ),
  findLiving: call(
    { workerIds: z.array(name).max(10_000) },
    z.array(z.strictObject({ workerId: name, hostname: words, pid: z.int() })),
  ),
  beatNode: call(
    {
      beat: z.strictObject({
        nodeId: name,
        ...owner,
        version: words.nullable(),
        status: z.enum(['healthy', 'degraded', 'unhealthy']),
        statusReasons: z.array(words).readonly(),
        configuredWorkers: count,
        activeWorkers: count,
        activeSessions: count,
        concurrency: count,
        cpuPercent: share,
        memoryPercent: share,
        diskPercent: share,
        cpuCount: share,
        memoryLimitMb: z.int().nullable(),
        errors: count,
        warnings: count,
        leaseMs,
      }),
      options: z.strictObject({ first: z.boolean(), deadPid: z.int().nullable() }),
    },
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('written'), wish }),
      z.strictObject({ kind: z.literal('taken'), owner: z.strictObject(owner), wish, lastSeenAt: instant }),
    ]),
  ),
  leaveNode: call({ nodeId: name, ...owner }, nothing),
  sweepNodes: call({}, z.strictObject({ gone: z.array(name), deleted: z.array(name) })),
  /**
   * Answered as soon as something is told of the queue (see QUEUE_SIGNALS; more may be added) that the caller has not heard, or after
   * `waitMs` with nothing. `marks` are those of its last answers, one for each process that has answered: what a process has told
   * since its mark is answered at once. Who brings no mark of this process may have missed anything, and is told 'ready' at once.
   */
  awaitSignals: call(
    { marks: z.array(signalMark).max(SIGNAL_MARKS_MAX), waitMs: ms.max(25_000) },
    z.strictObject({ mark: signalMark, signals: z.array(words) }),
  ),
  announce: call({ topics: z.array(z.enum(EVENT_TOPICS)), sessionIds: z.array(id).max(1_000).optional() }, nothing),
};
