import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { Env } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';

/** What is in force until somebody says otherwise. */
export const DEFAULT_KEPT_DAYS = { EKO_KEEP_SESSIONS_DAYS: 90, EKO_KEEP_LOGS_DAYS: 14, EKO_KEEP_METRICS_DAYS: 180 };

type KeptDaysSetting = keyof typeof DEFAULT_KEPT_DAYS;

/** The ages that people may set, in days. */
export type KeptDays = Record<KeptDaysSetting, number>;

const SETTINGS = Object.keys(DEFAULT_KEPT_DAYS) as KeptDaysSetting[];

/** The days in force, which are the same for all machines: whoever prunes deletes what belongs to all. */
export async function readKeptDays(db: Executor): Promise<KeptDays> {
  const rows = await db.query<{ key: string; value: number } & QueryRow>(
    'select key, value from app_settings where key = any($1)',
    [SETTINGS],
  );
  return { ...DEFAULT_KEPT_DAYS, ...Object.fromEntries(rows.map(({ key, value }) => [key, value])) };
}

/** Puts in force what this machine was told; a machine that was told nothing changes nothing. */
export async function saveKeptDays(db: Executor, env: Pick<Env, KeptDaysSetting>, logger: Logger): Promise<void> {
  for (const setting of SETTINGS) {
    const days = env[setting];
    if (days === undefined) continue;
    const [changed] = await db.query<{ before: number | null } & QueryRow>(SAVE, [setting, days]);
    if (!changed) continue;
    const daysBefore = changed.before ?? DEFAULT_KEPT_DAYS[setting];
    logger.info({ setting, days, daysBefore }, 'This setting now says for all machines how long rows are kept');
  }
}

const SAVE = `
with stood as (select value from app_settings where key = $1)
insert into app_settings as setting (key, value, updated_at) values ($1, to_jsonb($2::int), clock_timestamp())
on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
  where setting.value <> excluded.value
returning (select value from stood) as before`;
