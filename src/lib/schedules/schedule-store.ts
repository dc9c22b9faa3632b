import type { Executor, QueryRow } from '../db/create-db.ts';
import type { ScheduleTarget } from '../db/schema/schedules.ts';
import type { CatchUpPolicy, ScheduleRunOutcome } from '../db/schema/vocabulary.ts';
import type { StoredRule } from './occurrences.ts';

/** A row of `schedules`. */
export interface Schedule {
  id: number;
  name: string;
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
  targets: ScheduleTarget[];
  batchSize: number | null;
  position: number;
  priority: number;
  maxRetries: number | null;
  jitterSeconds: number;
  allowOverlap: boolean;
  catchUp: CatchUpPolicy;
  catchUpMax: number;
  paused: boolean;
  nextAt: Date | null;
  settledUntil: Date;
}

/** A row of `schedule_runs` to be. */
export interface NewRun {
  occurrence: Date;
  outcome: ScheduleRunOutcome;
  byHand?: boolean;
  batchId?: string;
  sessions?: number;
  reason?: string | null;
}

const COLUMNS = `id, name, cron, time_zone as "timeZone", every_minutes as "everyMinutes", targets, batch_size as "batchSize",
  position, priority, max_retries as "maxRetries", jitter_seconds as "jitterSeconds", allow_overlap as "allowOverlap",
  catch_up as "catchUp", catch_up_max as "catchUpMax", paused, next_at as "nextAt", settled_until as "settledUntil"`;

/** Due schedules that are read at once. */
const PAGE_ROWS = 1_000;

/**
 * SQL: its next occurrence has come; or the database's clock was ahead when it was settled, so that its next occurrence may be
 * far off. A minute is what the clocks of two database servers may differ by.
 */
const IS_DUE = `not paused and
  (next_at <= clock_timestamp() or settled_until > clock_timestamp() + interval '1 minute')`;

/** A schedule with its rule, which `ruleText` tells from every other one. */
export interface DueSchedule extends StoredRule {
  id: number;
  ruleText: string;
  /** As text, which is exact: the next page begins behind it. */
  dueAt: string;
}

/**
 * The schedules that are due, longest due first. All of them: those at the head may be waiting for their sessions.
 * @param except Those that the caller leaves to others as long as they have this rule.
 */
export async function* walkDueSchedules(
  db: Executor,
  except: readonly Pick<DueSchedule, 'id' | 'ruleText'>[],
): AsyncGenerator<DueSchedule> {
  let last: DueSchedule | undefined;
  do {
    const page = await readDuePage(db, except, last);
    yield* page;
    last = page.length === PAGE_ROWS ? page.at(-1) : undefined;
  } while (last);
}

async function readDuePage(
  db: Executor,
  except: readonly Pick<DueSchedule, 'id' | 'ruleText'>[],
  after: DueSchedule | undefined,
): Promise<DueSchedule[]> {
  return await db.query<DueSchedule & QueryRow>(
    `select id, cron, time_zone as "timeZone", every_minutes as "everyMinutes", r.text as "ruleText", next_at::text as "dueAt"
     from schedules s cross join lateral (select concat_ws(' ', cron, time_zone, every_minutes)) as r(text)
     where next_at is not null and ${IS_DUE} and ($3::timestamptz is null or (next_at, id) > ($3::timestamptz, $4::bigint))
       and not exists (select from unnest($1::bigint[], $2::text[]) as e(id, rule) where e.id = s.id and e.rule = r.text)
     order by next_at, id limit ${PAGE_ROWS}`,
    [except.map(({ id }) => id), except.map(({ ruleText }) => ruleText), after?.dueAt ?? null, after?.id ?? null],
  );
}

/**
 * Takes a due schedule for this transaction, with the database's time; null when it is not due any more, or another machine has
 * it: whoever holds the row settles the occurrence, and a machine that hangs while it holds it loses its connection.
 */
export async function takeDueSchedule(tx: Executor, id: number): Promise<{ schedule: Schedule; now: Date } | null> {
  const [row] = await tx.query<Schedule & { now: Date } & QueryRow>(
    `select ${COLUMNS}, clock_timestamp() as now from schedules
     where id = $1 and ${IS_DUE} for update skip locked`,
    [id],
  );
  return row ? { schedule: row, now: row.now } : null;
}

/** Takes any schedule for this transaction, waiting for whoever has it; null when there is none. */
export async function takeSchedule(tx: Executor, id: number): Promise<{ schedule: Schedule; now: Date } | null> {
  const [row] = await tx.query<Schedule & QueryRow>(`select ${COLUMNS} from schedules where id = $1 for update`, [id]);
  if (!row) return null;
  // Asked once the row is ours: the wait may have been long.
  const [clock] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  return { schedule: row, now: clock?.now ?? new Date() };
}

/** The batches of a schedule that are looked at: those before them have long ended. */
const BATCHES_LOOKED_AT = 50;

/** Whether sessions of earlier occurrences still wait or run. */
export async function hasUnfinishedBatch(tx: Executor, scheduleId: number): Promise<boolean> {
  const rows = await tx.query(
    `with batches as materialized (
       select batch_id from schedule_runs where schedule_id = $1 and batch_id is not null
       order by occurrence desc limit ${BATCHES_LOOKED_AT})
     select from batches b where exists (
       select from scraping_sessions s where s.batch_id = b.batch_id and s.status in ('pending', 'running')) limit 1`,
    [scheduleId],
  );
  return rows.length > 0;
}

/** Records what became of occurrences, once each; returns how many of them had no record yet. */
export async function recordRuns(tx: Executor, scheduleId: number, runs: readonly NewRun[]): Promise<number> {
  if (runs.length === 0) return 0;
  const recorded = await tx.query(
    `insert into schedule_runs (schedule_id, occurrence, outcome, by_hand, batch_id, sessions, reason, at)
     select $1, r.occurrence, r.outcome, r.by_hand, r.batch_id, r.sessions, r.reason, clock_timestamp()
     from unnest($2::timestamptz[], $3::text[], $4::boolean[], $5::uuid[], $6::int[], $7::text[])
       as r(occurrence, outcome, by_hand, batch_id, sessions, reason)
     on conflict (schedule_id, occurrence) do nothing returning occurrence`,
    [
      scheduleId,
      runs.map((run) => run.occurrence.toISOString()),
      runs.map((run) => run.outcome),
      runs.map((run) => run.byHand ?? false),
      runs.map((run) => run.batchId ?? null),
      runs.map((run) => run.sessions ?? 0),
      runs.map((run) => run.reason ?? null),
    ],
  );
  return recorded.length;
}

/** How far a schedule has got. */
export async function moveSchedule(
  tx: Executor,
  id: number,
  to: { nextAt: Date | null; settledUntil: Date; position: number },
): Promise<void> {
  await tx.query('update schedules set next_at = $2, settled_until = $3, position = $4 where id = $1', [
    id,
    to.nextAt?.toISOString() ?? null,
    to.settledUntil.toISOString(),
    to.position,
  ]);
}
