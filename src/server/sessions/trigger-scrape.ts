import { z } from 'zod';
import type { ApiTriggerResponse } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { listEnabledPortals } from '#lib/portals/list-enabled-portals.ts';
import { isSourceName, type SourceName, USUAL_SOURCES } from '#lib/scraper-config.ts';
import { describeUnknownSource, listKnownSources } from '#lib/sources/known-sources.ts';
import { SOURCE_RULES } from '#lib/sources/source-rules.ts';
import { wholeNumber } from '#lib/whole-number.ts';
import { fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { chooseIdempotencyKey, idempotencyKeySchema } from '../idempotency-key.ts';
import { parseInput } from '../parse-input.ts';

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
  priority: wholeNumber(-100, 100).optional(),
  params: z.record(z.string(), z.unknown(), 'must be an object').optional(),
  maxRetries: wholeNumber(0, 20).optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
});

type TriggerContext = Pick<ServerContext, 'db' | 'queue' | 'publisher' | 'env'>;

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
  const idempotencyKey = chooseIdempotencyKey(request.idempotencyKey, headerKey);
  const sources = await parseSources(context.db, request.sources);
  const params = request.params ?? {};
  // Of what only bots know, neither parameters nor places can be checked here.
  const ours = sources.filter(isSourceName);
  for (const source of ours) {
    parseInput(SOURCE_RULES[source].params, params, { code: 'invalid_params', prefix: 'params' });
  }
  for (const source of ours) await checkPlace(context.db, source, request.location);

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

async function checkPlace(db: Executor, source: SourceName, location: string): Promise<void> {
  const problem = SOURCE_RULES[source].findPlaceProblem(location, await listEnabledPortals(db, source));
  if (problem !== null) throw fieldError('unknown_location', 'location', problem);
}

/** Ours, and those that a bot or a bot's token has named. */
async function parseSources(db: Executor, names: string[] | undefined): Promise<string[]> {
  const asked = [...new Set(names ?? USUAL_SOURCES)];
  if (asked.every(isSourceName)) return asked;
  const known = await listKnownSources(db);
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined) return asked;
  throw fieldError('unknown_source', 'sources', describeUnknownSource(unknown.slice(0, 100), known));
}
