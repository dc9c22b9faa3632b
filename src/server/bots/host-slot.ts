import { z } from 'zod';
import type { ApiHostSlot } from '#lib/api/bot.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { configOfSource } from './bot-sources.ts';
import { claimFields } from './claim-input.ts';
import { findOwnClaim, type OwnClaim, staleClaim } from './find-claim.ts';

/** A slot is granted when its turn comes within this time; who must wait longer lets other work run. */
const WAIT_MAX_MS = 15_000;
/** A slot that nobody gives back lasts this much longer than its request can take. */
const GRACE_MS = 10_000;

const slotSchema = z.strictObject({
  ...claimFields,
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_000),
  /** What the host's robots.txt asks for. */
  crawlDelaySeconds: z.number('must be a number').min(0).max(300, 'must be at most 300').default(0),
});

const releaseSchema = z.strictObject({
  ...claimFields,
  slotId: z.number('must be the slotId that was granted').int().min(1).max(Number.MAX_SAFE_INTEGER),
  result: z.enum(
    ['served', 'neutral', 'error', 'throttled', 'refused'],
    'must be served, neutral, error, throttled or refused',
  ),
  /** How long ago the answer began, or the request failed. */
  sinceMs: z.number('must be a number').min(0).max(600_000).default(0),
  /** Of `throttled`: what the host's Retry-After says. */
  retryAfterSeconds: z.number('must be a number').min(0).max(86_400, 'must be at most 86400').optional(),
  error: z.string('must be a text').max(500).optional(),
});

/**
 * Asks for the right to send one request to a host, in the line that all workers and bots share. One at a time per session: a slot
 * that it still has (its answer was lost) is given back first.
 * @throws ApiError 400, 404, 403, 409.
 */
export async function reserveSlot(
  context: Pick<ServerContext, 'db' | 'workerPorts'>,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiHostSlot> {
  const request = parseInput(slotSchema, input);
  const claim = await findHeldClaim(context.db, account, { id, ...request });
  const config = configOfSource(claim.source);
  const hostKey = hostKeyOf(new URL(request.url), config.paceBy);
  await context.db.query(
    `select release_host_slot(host_key, id, 0, 'neutral', null) from host_slots
    where session_id = $1 and worker_id = $2`,
    [id, claim.botId],
  );
  const { slotId, waitMs, reason } = await context.workerPorts.slots.reserve({
    hostKey,
    workerId: claim.botId,
    sessionId: id,
    floorMs: config.rateLimit,
    robotsMs: Math.ceil(request.crawlDelaySeconds * 1000),
    maxInflight: config.maxInflight,
    waitMaxMs: WAIT_MAX_MS,
    keptMs: config.timeout + GRACE_MS,
    knownSlotIds: null,
  });
  return { hostKey, slotId, waitMs: Math.ceil(waitMs), reason };
}

/**
 * Gives a slot back with what the request has taught about its host, which sets the pace for everybody. Repeated, or after the
 * slot expired, it changes nothing.
 * @throws ApiError 400, 404, 403, 409.
 */
export async function releaseSlot(
  context: Pick<ServerContext, 'db'>,
  account: Account,
  id: number,
  input: unknown,
): Promise<{ slotId: number; released: true }> {
  const { slotId, result, sinceMs, retryAfterSeconds, error, ...claimed } = parseInput(releaseSchema, input);
  // Whoever has lost the claim meanwhile did send the request.
  const { botId } = await findOwnClaim(context.db, account, { id, ...claimed });
  const hostKey = await findHostOfSlot(context.db, { slotId, id, botId });
  if (hostKey !== null) {
    await context.db.transaction(async (tx) => {
      // The host first, as everybody does; only then can it be said whether another call has given the slot back.
      await tx.query('select from host_pacing where host_key = $1 for update', [hostKey]);
      if ((await findHostOfSlot(tx, { slotId, id, botId })) === null) return;
      if (result === 'throttled') {
        const retryAfterMs = retryAfterSeconds === undefined ? null : retryAfterSeconds * 1000;
        await tx.query('select report_host_backoff($1, $2)', [hostKey, retryAfterMs]);
      }
      await tx.query('select release_host_slot($1, $2, $3, $4, $5)', [hostKey, slotId, sinceMs, result, error ?? null]);
    });
  }
  return { slotId, released: true };
}

/** Null for a slot that was given back, has expired, or belongs to another session. */
async function findHostOfSlot(
  db: Executor,
  { slotId, id, botId }: { slotId: number; id: number; botId: string },
): Promise<string | null> {
  const [slot] = await db.query<{ hostKey: string }>(
    'select host_key as "hostKey" from host_slots where id = $1 and session_id = $2 and worker_id = $3',
    [slotId, id, botId],
  );
  return slot?.hostKey ?? null;
}

async function findHeldClaim(
  db: Executor,
  account: Account,
  claim: { id: number; claimNumber: number; botId?: string | undefined },
): Promise<OwnClaim> {
  const found = await findOwnClaim(db, account, claim);
  if (found.ended !== null) throw staleClaim(claim, 'it has ended');
  return found;
}
