import type { Db, Executor, QueryRow } from '#lib/db/create-db.ts';

const BAN_MS = 10 * 60_000;
const BAN_CAP_MS = 24 * 3_600_000;
/** 10 min × 2^8 is more than a day. */
const LEVEL_MAX = 8;
/** So many proxies refused by one host within ten minutes: the site refuses us, not them. */
const BREAKER_PROXIES = 3;
const PAUSE_MS = 30 * 60_000;
const PAUSE_CAP_MS = 24 * 3_600_000;
/** The bans of hosts, in the one space of advisory locks. */
const BANS_LOCK = 20_051;

export interface Ban {
  proxyId: number;
  hostKey: string;
  reason: string;
}

/** What came of a ban: in force for all workers, or the host itself is left alone and nobody is banned by it. */
export type BanResult =
  | { kind: 'banned'; remainingMs: number }
  | { kind: 'host-paused'; pauseMs: number }
  /** The proxy was removed meanwhile. */
  | { kind: 'gone' };

/** How many different proxies must be refused before the host is paused, by the number of proxies in use. */
export function breakerThreshold(activeCount: number): number {
  if (activeCount <= 1) return 1;
  return Math.min(BREAKER_PROXIES, Math.max(2, Math.ceil(activeCount / 2)));
}

/**
 * Notes that a host refuses a proxy: 10 min × 2^level, at most a day, in force for all workers when this resolves. When too
 * many were refused by it, the host is paused in the same transaction, and its bans of these minutes are lifted.
 * Bans of one host are counted one after the other, so that two at once cannot both miss the other.
 */
export function banProxy(db: Db, ban: Ban): Promise<BanResult> {
  return db.transaction(async (tx) => {
    // Counting in one statement with the lock would count with the snapshot of before the wait.
    await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [BANS_LOCK, ban.hostKey]);
    const remainingMs = await writeBan(tx, ban);
    if (remainingMs === null) return { kind: 'gone' };
    const refused = await countRefused(tx, ban.hostKey);
    const isEnough = refused.banned >= breakerThreshold(refused.active);
    const pauseMs = isEnough ? await pauseHost(tx, ban.hostKey, refused.banned) : null;
    return pauseMs === null ? { kind: 'banned', remainingMs } : { kind: 'host-paused', pauseMs };
  });
}

/** The host served these proxies again: their next ban there is a level shorter. Only bans that are over are touched. */
export async function relaxBans(db: Executor, pairs: readonly { proxyId: number; hostKey: string }[]): Promise<void> {
  if (pairs.length === 0) return;
  await db.query(
    `with served as (select * from jsonb_to_recordset($1::jsonb) as s ("proxyId" bigint, "hostKey" text)),
     relaxed as (
       update proxy_host_bans set level = level - 1 from served
       where proxy_id = "proxyId" and host_key = "hostKey" and until <= clock_timestamp() and level > 0)
     delete from proxy_host_bans using served
     where proxy_id = "proxyId" and host_key = "hostKey" and until <= clock_timestamp() and level = 0`,
    [JSON.stringify(pairs)],
  );
}

/** @returns how long the ban lasts from now; null when there is no such proxy. */
async function writeBan(tx: Executor, { proxyId, hostKey, reason }: Ban): Promise<number | null> {
  const [row] = await tx.query<{ remaining_ms: number }>(
    `insert into proxy_host_bans as b (proxy_id, host_key, banned_at, until, level, reason)
     select id, $2, clock_timestamp(), clock_timestamp() + $4 * interval '1 ms', 0, $3 from proxy_pool where id = $1
     on conflict (proxy_id, host_key) do update set
       banned_at = excluded.banned_at,
       reason = excluded.reason,
       -- Requests that were under way together are refused together, and count once.
       level = case when b.until > clock_timestamp() then b.level else least(b.level + 1, $5) end,
       until = case when b.until > clock_timestamp() then b.until
         else clock_timestamp() + least($4 * 2 ^ least(b.level + 1, $5), $6) * interval '1 ms' end
     returning extract(epoch from until - clock_timestamp())::float8 * 1000 as remaining_ms`,
    [proxyId, hostKey, reason.slice(0, 300), BAN_MS, LEVEL_MAX, BAN_CAP_MS],
  );
  return row?.remaining_ms ?? null;
}

interface Refused extends QueryRow {
  /** Different proxies that the host refused within ten minutes. */
  banned: number;
  /** Proxies in use; those that were never checked count only where there are no others. */
  active: number;
}

async function countRefused(tx: Executor, hostKey: string): Promise<Refused> {
  const [row] = await tx.query<Refused>(
    `select (select count(*) from proxy_host_bans
             where host_key = $1 and banned_at > clock_timestamp() - $2 * interval '1 ms') as banned,
       coalesce(nullif(count(*) filter (where status = 'active'), 0), count(*)) as active
     from proxy_pool where status in ('active', 'testing')`,
    [hostKey, BAN_MS],
  );
  return row ?? { banned: 0, active: 0 };
}

/** 30 min × 2^(pauses since the host last served us). @returns for how long, in ms; null when it is paused already. */
async function pauseHost(tx: Executor, hostKey: string, banned: number): Promise<number | null> {
  const [host] = await tx.query<{ pause_count: number; is_paused: boolean }>(
    `select pause_count, coalesce(paused_until > clock_timestamp(), false) as is_paused
     from host_pacing where host_key = $1 for update`,
    [hostKey],
  );
  if (host?.is_paused) return null;
  const pauseMs = Math.min(PAUSE_CAP_MS, PAUSE_MS * 2 ** Math.min(10, host?.pause_count ?? 0));
  await tx.query('select pause_host($1, $2, $3)', [hostKey, pauseMs, reasonOf(banned)]);
  await tx.query('update host_pacing set pause_count = least(pause_count + 1, 32767) where host_key = $1', [hostKey]);
  await tx.query(
    `delete from proxy_host_bans where host_key = $1 and banned_at > clock_timestamp() - $2 * interval '1 ms'`,
    [hostKey, BAN_MS],
  );
  return pauseMs;
}

function reasonOf(banned: number): string {
  const proxies = banned === 1 ? 'The only proxy was refused' : `${banned} proxies were refused within 10 minutes`;
  return `${proxies}: the site refuses us, not the proxies`;
}
