import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiSchedule, ApiScheduleDetail, ApiScheduleRun } from '#lib/api/schedule.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { describeRule } from '#lib/schedules/describe-rule.ts';
import { findRuleProblem, nextOccurrences, parseRule, type StoredRule } from '#lib/schedules/occurrences.ts';
import { ApiError } from '../api-error.ts';
import { type PageRequest, toPage } from '../parse-page.ts';
import { withIsoTimes } from '../with-iso-times.ts';

export const NEXT_RUNS_SHOWN = 5;
const RUNS_SHOWN = 100;

type ScheduleRow = Omit<ApiSchedule, 'description' | 'problem'>;

const RUN = `'occurrence', r.occurrence, 'outcome', r.outcome, 'byHand', r.by_hand, 'batchId', r.batch_id,
  'sessions', r.sessions, 'reason', r.reason, 'at', r.at`;

const SELECT = `
select s.id, s.name, s.cron, s.time_zone as "timeZone", s.every_minutes as "everyMinutes", s.targets,
  s.batch_size as "batchSize", s.priority, s.max_retries as "maxRetries", s.jitter_seconds as "jitterSeconds",
  s.allow_overlap as "allowOverlap", s.catch_up as "catchUp", s.catch_up_max as "catchUpMax", s.paused,
  case when s.paused then null else s.next_at end as "nextAt", s.created_at as "createdAt", s.updated_at as "updatedAt",
  (select jsonb_build_object(${RUN}) from schedule_runs r where r.schedule_id = s.id order by r.occurrence desc limit 1)
    as "lastRun"
from schedules s`;

/** Schedules, newest first. */
export async function listSchedules(db: Executor, page: PageRequest): Promise<ApiPage<ApiSchedule>> {
  const rows = await db.query(`${SELECT} where $1::bigint is null or s.id < $1 order by s.id desc limit $2`, [
    page.after,
    page.limit + 1,
  ]);
  return toPage(rows.map(toSchedule), page.limit);
}

/** One schedule with its next runs and its latest records. @throws ApiError 404. */
export async function getSchedule(db: Executor, id: number): Promise<ApiScheduleDetail> {
  const [row] = await db.query(`${SELECT} where s.id = $1`, [id]);
  if (!row) throw scheduleNotFound(id);
  const runs = await db.query(
    `select jsonb_build_object(${RUN}) as run from schedule_runs r where r.schedule_id = $1
     order by r.occurrence desc limit ${RUNS_SHOWN}`,
    [id],
  );
  const schedule = toSchedule(row);
  return {
    ...schedule,
    next: schedule.problem === null && !schedule.paused ? nextRuns(schedule) : [],
    runs: runs.map(({ run }) => toRun(run as ApiScheduleRun)),
  };
}

/** The next runs as texts. @throws InvalidInputError for a rule that cannot be read. */
export function nextRuns(rule: StoredRule): string[] {
  return nextOccurrences(parseRule(rule), new Date(), NEXT_RUNS_SHOWN).map((at) => at.toISOString());
}

export function scheduleNotFound(id: number): ApiError {
  return new ApiError('not_found', `There is no schedule ${id}.`, {
    details: [{ field: 'id', message: 'is not known' }],
  });
}

function toSchedule(row: Record<string, unknown>): ApiSchedule {
  const schedule = withIsoTimes<ScheduleRow>(row);
  const lastRun = schedule.lastRun === null ? null : toRun(schedule.lastRun);
  return { ...schedule, lastRun, ...inWords(schedule) };
}

/** PostgreSQL writes times in JSON with its own zone and microseconds. */
function toRun(run: ApiScheduleRun): ApiScheduleRun {
  return { ...run, occurrence: new Date(run.occurrence).toISOString(), at: new Date(run.at).toISOString() };
}

/** A rule that cannot be read any more, say after a change by hand, must not take the list with it. */
function inWords(rule: StoredRule): { description: string; problem: string | null } {
  const problem = findRuleProblem(rule);
  return { description: problem === null ? describeRule(rule) : 'Its rule cannot be read', problem };
}
