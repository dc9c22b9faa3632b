import { z } from 'zod';
import type { SessionProgress, StoredError } from '#lib/db/schema/scraping-sessions.ts';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';
import type { LeadProvenance, NormalizedLead } from '#lib/leads/lead.ts';
import type { ClaimedSession } from '#workers/queue/job-queue.ts';
import { bytes, call, count, id, idSet, instant, ms, name, nothing, words } from './call.ts';

/** Of one call; who has more sends several. */
const LEADS_MAX = 50_000;

const claim = z.strictObject({ id, claimNumber: count });

const stats = z.strictObject({
  requestsMade: count,
  requestsFailed: count,
  bytesReceived: count,
  proxyUsed: words.optional(),
});

const progress: z.ZodType<SessionProgress> = z.strictObject({
  message: words.exactOptional(),
  done: z.number().exactOptional(),
  total: z.number().exactOptional(),
  pages: z.number().exactOptional(),
  rows: z.number().exactOptional(),
  parts: z
    .array(
      z.strictObject({
        id: words,
        name: words,
        state: z.enum(['waiting', 'reading', 'done', 'failed', 'skipped']),
        rows: z.number(),
        leads: z.number(),
        note: words.exactOptional(),
        demo: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
});

const storedError: z.ZodType<StoredError> = z.strictObject({
  code: name,
  message: words,
  cause: words.exactOptional(),
  stack: words.exactOptional(),
  context: z.record(z.string(), z.unknown()).exactOptional(),
});

const settled = z.enum(['pending', 'failed', 'completed', 'cancelled', 'stale']);

const claimedSession = z.strictObject({
  id,
  claimNumber: count,
  batchId: z.uuid(),
  source: name,
  location: words,
  params: z.record(z.string(), z.unknown()),
  cursor: z.unknown(),
  retryCount: count,
  maxRetries: count,
  crashCount: count,
  leadsFound: count,
  leadsNew: count,
  priority: z.int(),
  createdAt: instant,
  startedAt: instant,
  timeoutAt: instant,
}) satisfies z.ZodType<ClaimedSession>;

const text = z.string().nullable();

const provenance: z.ZodType<LeadProvenance> = z.partialRecord(
  z.enum([
    ...['name', 'company', 'email', 'phone', 'request', 'address'],
    ...['city', 'state', 'zip', 'value', 'signal', 'role'],
  ] as (keyof LeadProvenance)[]),
  z.strictObject({
    sourceUrl: words,
    sourceRowId: words,
    rule: words,
    fetchedAt: words,
    raw: words.exactOptional(),
  }),
);

const lead = z.strictObject({
  leadKey: bytes,
  source: name,
  portal: words,
  sourceRowId: words,
  sourceUrl: words,
  role: words,
  name: text,
  company: text,
  email: text,
  phone: text,
  phoneExtension: text,
  request: text,
  address: text,
  city: text,
  state: text,
  zip: text,
  value: z.number().nullable(),
  signal: z.enum(SIGNALS).nullable(),
  demo: z.boolean(),
  provenance,
}) satisfies z.ZodType<NormalizedLead>;

const hostKey = words.nullable().optional();

/** What becomes of sessions. Every one but `claim` is fenced by a claim. */
export const SESSION_CALLS = {
  claim: call(
    {
      workerId: name,
      sources: z.array(name).max(200),
      limit: count.max(1_000),
      jobTimeoutMs: z.union([ms, z.record(z.string(), ms)]),
      held: z.array(claim).max(5_000),
      /** An earlier answer was lost: what that claimed is handed out first. */
      unsure: z.boolean(),
    },
    z.array(claimedSession),
  ),
  complete: call(
    {
      items: z
        .array(claim.extend({ progress: progress.optional(), statusReason: words.optional(), stats: stats.optional() }))
        .max(1_000),
    },
    idSet,
  ),
  retry: call({ claim, error: storedError, stats: stats.optional(), hostKey }, settled),
  fail: call({ claim, error: storedError, stats: stats.optional() }, settled),
  snooze: call({ claim, delayMs: ms, reason: words, stats: stats.optional(), hostKey }, settled),
  handBack: call({ claim, reason: words, stats: stats.optional(), hostKey }, settled),
  cancelled: call({ claim, stats: stats.optional() }, settled),
  /** Batch, location and source of the leads are those of the session. Answered with null when the claim is stale. */
  saveFinds: call(
    {
      claim,
      finds: z.strictObject({
        cursor: z.unknown(),
        /** Whether there is a cursor: one that is null removes the saved one. */
        hasCursor: z.boolean(),
        progress: progress.optional(),
        leads: z.array(lead).max(LEADS_MAX),
        watermarks: z.array(z.strictObject({ portalId: name, scope: words, readUntil: instant })).max(10_000),
      }),
    },
    z.strictObject({ found: count, fresh: count, cancelRequested: z.boolean() }).nullable(),
  ),
  findBatch: call({ sessionId: id }, z.uuid().nullable()),
  addLines: call(
    {
      workerId: name,
      lines: z
        .array(
          z.strictObject({
            sessionId: id,
            claimNumber: count,
            level: z.enum(['debug', 'info', 'warn', 'error']),
            message: words,
            context: text,
            ageMs: ms,
          }),
        )
        .max(5_000),
    },
    nothing,
  ),
  addRequests: call(
    {
      requests: z
        .array(
          z.strictObject({
            sessionId: id,
            claimNumber: count,
            method: words,
            url: words,
            status: z.int().nullable(),
            durationMs: ms,
            wireBytes: count,
            proxyId: id.nullable(),
            proxy: text,
            verdict: words,
            reason: text,
            snapshotSignature: text,
            ageMs: ms,
          }),
        )
        .max(5_000),
    },
    nothing,
  ),
};
