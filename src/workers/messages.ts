import { z } from 'zod';

/** Times between processes of one machine are in ms of the monotonic clock that they share (`monotonicNowMs`). */
const managerMessageSchema = z.discriminatedUnion('type', [
  /** First message: who the worker is. */
  z.object({ type: z.literal('welcome'), workerId: z.string() }),
  /** The lease is good until then; without one a worker neither claims nor writes. */
  z.object({ type: z.literal('lease'), safeUntilMs: z.number() }),
  /** Others may have the sessions already: drop them all and write nothing. */
  z.object({ type: z.literal('lease-lost'), reason: z.string() }),
  /** There may be something to claim. */
  z.object({ type: z.literal('wake') }),
  z.object({
    type: z.literal('abort'),
    sessionId: z.number(),
    claimNumber: z.number(),
    why: z.enum(['cancelled', 'timeout']),
  }),
  /** The most sessions the worker may run at once from now on; what runs beyond that goes on to its end. */
  z.object({ type: z.literal('intake'), limit: z.number().int().min(0) }),
  /** So many sessions may the worker have processed or be at, in all; for workers that were started with `--work-limit`. What runs goes on. */
  z.object({ type: z.literal('work-limit'), sessionsMax: z.number() }),
  /** Claim nothing more, finish what can be finished within the grace, hand back the rest, exit. */
  z.object({ type: z.literal('drain'), graceMs: z.number() }),
]);

const workerStatsSchema = z.object({
  status: z.enum(['starting', 'idle', 'running', 'draining']),
  activeSessions: z.number(),
  /** The session that runs longest; null when none does. */
  currentSessionId: z.number().nullable(),
  jobsProcessed: z.number(),
  jobsSucceeded: z.number(),
  jobsFailed: z.number(),
  memoryMb: z.number(),
  concurrency: z.number(),
  /** It will not have processed or be at more in all until it hears of another 'work-limit'; null without one. */
  workLimit: z.number().nullable(),
});

const workerMessageSchema = z.discriminatedUnion('type', [
  /** The worker has loaded its code and waits for its name. */
  z.object({ type: z.literal('ready') }),
  /** Sent every second and on every change; its absence means that the event loop hangs. */
  z.object({ type: z.literal('beat'), stats: workerStatsSchema }),
]);

export type ManagerMessage = z.output<typeof managerMessageSchema>;
export type WorkerMessage = z.output<typeof workerMessageSchema>;
export type WorkerStats = z.output<typeof workerStatsSchema>;

/** @throws ZodError for anything that a manager does not send. */
export const parseManagerMessage = (message: unknown): ManagerMessage => managerMessageSchema.parse(message);

/** @throws ZodError for anything that a worker does not send. */
export const parseWorkerMessage = (message: unknown): WorkerMessage => workerMessageSchema.parse(message);

/** CLOCK_MONOTONIC in ms: the same in all processes of a machine, untouched when somebody sets the clock. */
export const monotonicNowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
