import { z } from 'zod';
import type { ApiTriggerResponse } from '#lib/api-types.ts';
import { permitParamsSchema } from '#lib/portals/permit-params.ts';
import { resolveLocation } from '#lib/portals/resolve-location.ts';
import { isSourceName, SOURCE_NAMES, type SourceName } from '#lib/scraper-config.ts';
import { fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { listEnabledPortals } from '../portals/list-portals.ts';

const keySchema = z.string('must be a text').trim().min(1).max(200);

const triggerSchema = z.strictObject({
  location: z
    .string('must be a place such as "Georgia" or "Savannah, GA"')
    .trim()
    .min(1, 'must be a place such as "Georgia" or "Savannah, GA"')
    .max(200, 'must have at most 200 characters'),
  sources: z
    .array(z.string('must be the name of a source').max(200), 'must be a list of names')
    .min(1, 'must name at least one source')
    .max(100)
    .optional(),
  priority: whole(-100, 100).optional(),
  params: z.record(z.string(), z.unknown(), 'must be an object').optional(),
  maxRetries: whole(0, 20).optional(),
  idempotencyKey: keySchema.optional(),
});

/** What of a source can be said before anything is enqueued: whether it knows the place, and whether it takes the params. */
interface SourceCheck {
  checkParams(params: Record<string, unknown>): void;
  checkLocation(location: string, context: TriggerContext): Promise<void>;
}

type TriggerContext = Pick<ServerContext, 'db' | 'queue' | 'publisher' | 'env'>;

const SOURCE_CHECKS: Record<SourceName, SourceCheck> = {
  permits: {
    checkParams(params) {
      parseInput(permitParamsSchema, params, { code: 'invalid_params', prefix: 'params' });
    },
    async checkLocation(location, { db }) {
      const resolution = resolveLocation(location, await listEnabledPortals(db, 'permits'));
      if (!resolution.unknown) return;
      throw fieldError(
        'unknown_location',
        'location',
        `"${location}" is not a place that is covered. ${resolution.known}`,
      );
    },
  },
};

/**
 * Makes one session per source for a location. Everything is checked before anything is enqueued; the same idempotency key
 * gives the same sessions, however often and from wherever it comes.
 * @param headerKey The Idempotency-Key header, which counts like the field.
 * @throws ApiError 400 for a request of the wrong shape, 422 for a source, place or parameter that is not known.
 */
export async function triggerScrape(
  context: TriggerContext,
  input: unknown,
  headerKey: string | null = null,
): Promise<ApiTriggerResponse> {
  const request = parseInput(triggerSchema, input);
  const idempotencyKey = chooseKey(request.idempotencyKey, headerKey);
  const sources = parseSources(request.sources);
  const params = request.params ?? {};
  for (const source of sources) SOURCE_CHECKS[source].checkParams(params);
  for (const source of sources) await SOURCE_CHECKS[source].checkLocation(request.location, context);

  const { batchId, sessions } = await context.queue.enqueue(
    sources.map((source) => ({ source, location: request.location, params, priority: request.priority ?? 0 })),
    {
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      defaultMaxRetries: request.maxRetries ?? context.env.MAX_RETRIES,
    },
  );
  const ids = sessions.map((session) => session.id);
  context.publisher.publish(['sessions'], ids);
  return { batchId, sessions };
}

function parseSources(names: string[] | undefined): SourceName[] {
  const asked = [...new Set(names ?? SOURCE_NAMES)];
  const unknown = asked.filter((name) => !isSourceName(name));
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 5).map((name) => `"${name.slice(0, 100)}"`);
    throw fieldError(
      'unknown_source',
      'sources',
      `${shown.join(', ')} is not known; known are ${SOURCE_NAMES.join(', ')}`,
    );
  }
  return asked.filter(isSourceName);
}

function chooseKey(fieldKey: string | undefined, headerKey: string | null): string | undefined {
  const key = headerKey === null ? undefined : parseInput(keySchema, headerKey, { prefix: 'Idempotency-Key' });
  if (key === undefined || fieldKey === undefined || key === fieldKey) return fieldKey ?? key;
  throw fieldError('invalid_request', 'idempotencyKey', 'differs from the Idempotency-Key header; send one of them');
}

function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.number(message).int(message).min(min, message).max(max, message);
}
