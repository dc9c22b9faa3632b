import { z } from 'zod';
import type { ScheduleTarget } from '#lib/db/schema/schedules.ts';
import { CATCH_UP_POLICIES, type CatchUpPolicy } from '#lib/db/schema/vocabulary.ts';
import { InvalidInputError } from '#lib/errors.ts';
import { parseCron } from '#lib/schedules/cron-pattern.ts';
import { EVERY_MINUTES_MAX, nextOccurrence, parseRule, type StoredRule } from '#lib/schedules/occurrences.ts';
import { zoneClock } from '#lib/schedules/zone-clock.ts';
import { wholeNumber } from '#lib/whole-number.ts';
import { fieldError } from '../api-error.ts';

const TARGETS_MAX = 500;
const PRIORITY_MAX = 100;
const JITTER_MAX = 24 * 3_600;
const CATCH_UP_MAX = 100;

const nameSchema = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'has more than 100 characters');

const targetSchema = z.strictObject({
  source: z.string('must be the name of a source').trim().min(1, 'must be the name of a source').max(50),
  location: z.string('must be a place').trim().min(1, 'must be a place such as "Georgia"').max(200),
  params: z.record(z.string(), z.unknown(), 'must be an object').optional(),
});

const targetsSchema = z
  .array(targetSchema, 'must be a list of {source, location, params?}')
  .min(1, 'must have at least one target')
  .max(TARGETS_MAX, `must have at most ${TARGETS_MAX} targets`);

/** The documented simple form: every 10 minutes, 5 targets at a time. */
const SIMPLE = { everyMinutes: 10, batchSize: 5 };

const fields = {
  cron: z.string('must be a text of five fields').max(200).nullable(),
  timeZone: z.string('must be the name of a time zone').trim().max(100),
  everyMinutes: wholeNumber(1, EVERY_MINUTES_MAX).nullable(),
  batchSize: wholeNumber(1, TARGETS_MAX).nullable(),
  priority: wholeNumber(-PRIORITY_MAX, PRIORITY_MAX),
  maxRetries: wholeNumber(0, 20).nullable(),
  jitterSeconds: wholeNumber(0, JITTER_MAX),
  allowOverlap: z.boolean('must be true or false'),
  catchUp: z.enum(CATCH_UP_POLICIES, `must be one of ${CATCH_UP_POLICIES.join(', ')}`),
  catchUpMax: wholeNumber(1, CATCH_UP_MAX),
};

/** What a schedule is made of. */
export interface ScheduleInput extends StoredRule {
  name: string;
  targets: ScheduleTarget[];
  batchSize: number | null;
  priority: number;
  maxRetries: number | null;
  jitterSeconds: number;
  allowOverlap: boolean;
  catchUp: CatchUpPolicy;
  catchUpMax: number;
}

const shared = {
  timeZone: fields.timeZone.default('UTC'),
  priority: fields.priority.default(0),
  maxRetries: fields.maxRetries.default(null),
  jitterSeconds: fields.jitterSeconds.default(0),
  allowOverlap: fields.allowOverlap.default(false),
  catchUp: fields.catchUp.default('latest'),
  catchUpMax: fields.catchUpMax.default(10),
};

export const newScheduleSchema = z
  .strictObject({
    name: nameSchema,
    targets: targetsSchema,
    cron: fields.cron.default(null),
    everyMinutes: fields.everyMinutes.optional(),
    batchSize: fields.batchSize.optional(),
    ...shared,
    paused: z.boolean('must be true or false').default(false),
  })
  .transform(({ everyMinutes, batchSize, targets, ...rest }) => {
    // Without a cron text it is the simple form, with its defaults; with one, all targets unless something else is said.
    const isSimple = rest.cron === null;
    return {
      ...rest,
      targets: targets.map(plainTarget),
      everyMinutes: everyMinutes ?? (isSimple ? SIMPLE.everyMinutes : null),
      batchSize: batchSize === undefined ? (isSimple ? SIMPLE.batchSize : null) : batchSize,
    };
  });

/** Only what is given changes; a cron text takes the place of minutes, and the other way round. */
export const scheduleChangeSchema = z
  .strictObject({ name: nameSchema, targets: targetsSchema, ...fields })
  .partial()
  .transform((change) => {
    const { targets, ...rest } = change;
    return {
      ...rest,
      ...(targets ? { targets: targets.map(plainTarget) } : {}),
      ...(rest.cron && rest.everyMinutes === undefined ? { everyMinutes: null } : {}),
      ...(rest.everyMinutes && rest.cron === undefined ? { cron: null } : {}),
    };
  });

/** Without the `undefined` that zod puts in the place of what is absent. */
function plainTarget({ source, location, params }: z.output<typeof targetSchema>): ScheduleTarget {
  return { source, location, ...(params === undefined ? {} : { params }) };
}

/**
 * Checks when a schedule runs; the cron text comes back with single spaces.
 * @throws ApiError 400 that names the field.
 */
export function checkRule(rule: StoredRule): StoredRule {
  const cron = rule.cron === null ? null : namingField('cron', () => parseCron(rule.cron ?? '').text);
  const timeZone = namingField('timeZone', () => zoneClock(rule.timeZone).zone);
  const checked = { cron, timeZone, everyMinutes: rule.everyMinutes };
  const parsed = namingField(cron === null ? 'everyMinutes' : 'cron', () => parseRule(checked));
  if (nextOccurrence(parsed, new Date()) === null) {
    throw fieldError('invalid_request', 'cron', `"${cron}" names a day that never comes`);
  }
  return checked;
}

function namingField<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvalidInputError) throw fieldError('invalid_request', field, error.message);
    throw error;
  }
}
