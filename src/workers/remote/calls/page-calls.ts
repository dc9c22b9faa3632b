import { z } from 'zod';
import { PORTAL_KINDS, PORTAL_ORIGINS, ROBOTS_OUTCOMES, SIGNALS } from '#lib/db/schema/vocabulary.ts';
import type { PortalFields } from '#lib/portals/portal.ts';
import { call, count, id, instant, ms, name, nothing, words } from './call.ts';

const hostKey = name;
const origin = name;
const text = words.nullable();

const finding = {
  outcome: z.enum(ROBOTS_OUTCOMES),
  httpStatus: z.int().nullable(),
  body: text,
  reason: text,
  failures: count,
  crawlDelayMs: ms.nullable(),
  sitemaps: z.array(words).max(1_000).readonly(),
  freshForMs: z.number(),
};

const validators = z.strictObject({ etag: text, lastModified: text, bodyHash: words });

const portal = z.strictObject({
  id: name,
  source: name,
  kind: z.enum(PORTAL_KINDS),
  name: words,
  state: words,
  county: text,
  city: text,
  url: words,
  fields: z.custom<PortalFields>((value) => typeof value === 'object' && value !== null),
  signal: z.enum(SIGNALS).nullable(),
  rateLimitMs: ms.nullable(),
  origin: z.enum(PORTAL_ORIGINS),
  enabled: z.boolean(),
  note: text,
});

/** What the workers of all machines know of hosts and pages. */
export const PAGE_CALLS = {
  reserveSlot: call(
    {
      hostKey,
      workerId: name,
      sessionId: id.nullable(),
      floorMs: ms,
      robotsMs: ms,
      maxInflight: id,
      waitMaxMs: ms,
      keptMs: ms,
      knownSlotIds: z.array(id).max(10_000).readonly().nullable(),
    },
    z.strictObject({ slotId: id.nullable(), waitMs: z.number(), reason: text }),
  ),
  releaseSlot: call(
    {
      hostKey,
      slotId: id,
      answeredMsAgo: ms,
      kind: z.enum(['served', 'neutral', 'error', 'throttled', 'refused']),
      error: text,
    },
    nothing,
  ),
  reportBackoff: call({ hostKey, retryAfterMs: ms.nullable() }, z.number()),
  pauseHost: call({ hostKey, pauseMs: ms, reason: words }, nothing),
  findRobots: call({ origin }, z.strictObject({ ...finding, lookingForMs: z.number() }).nullable()),
  saveRobots: call({ origin, finding: z.strictObject(finding) }, nothing),
  claimLook: call({ origin, ttlMs: ms }, z.boolean()),
  endLook: call({ origin }, nothing),
  findValidators: call({ source: name, url: words, parserVersion: words }, validators.nullable()),
  saveValidators: call(
    { pages: z.array(z.strictObject({ source: name, url: words, parserVersion: words, validators })).max(50_000) },
    nothing,
  ),
  keepSnapshot: call(
    {
      signature: name,
      sessionId: id.nullable(),
      status: z.int(),
      source: name,
      url: words,
      verdict: words,
      evidence: z
        .array(z.strictObject({ rule: words, weight: z.number(), detail: words }))
        .max(1_000)
        .readonly(),
      headers: z.record(z.string(), z.string()).readonly(),
      /** The store of the worker keeps the first 64 KiB. */
      body: z.string().max(65_536),
    },
    z.boolean(),
  ),
  listPortals: call({ source: name }, z.array(portal)),
  findWatermark: call({ portalId: name, scope: words }, instant.nullable()),
};
