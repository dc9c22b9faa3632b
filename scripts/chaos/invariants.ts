import type { Executor } from '#lib/db/create-db.ts';

/** What must hold once everything is calm. The statement lists what breaks it, with a column `what` for people. */
interface Invariant {
  name: string;
  explanation: string;
  violations: string;
}

export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'I1',
    explanation: 'Every session has ended, or can be claimed within the longest retry delay',
    violations: `
      select format('session %s is %s, worker %s, due %s', id, status, worker_id, wake_at) as what from scraping_sessions
      where status = 'running'
        or (status = 'pending' and wake_at is not null and wake_at > clock_timestamp() + interval '6 minutes'
          and not (wake_at = 'infinity' and host_key is not null))`,
  },
  {
    name: 'I2',
    explanation: 'No two claims of a session overlap: the next one begins after the last one has ended',
    violations: `
      select format('session %s: claim %s ended at %s, claim %s began at %s', a.session_id, a.claim_number, a.timestamp,
        b.claim_number, b.started_at) as what
      from scraper_metrics a join scraper_metrics b on b.session_id = a.session_id and b.claim_number > a.claim_number
      where b.started_at < a.timestamp`,
  },
  {
    name: 'I3',
    explanation: 'Every claim has ended exactly once, at most one of a session by success, and then as its last one',
    violations: `
      select format('session %s is %s at number %s after %s attempts, %s of them completed', s.id, s.status, s.claim_number,
        count(m), count(m) filter (where m.outcome = 'completed')) as what
      from scraping_sessions s left join scraper_metrics m on m.session_id = s.id
      where s.status <> 'running'
      group by s.id
      having s.claim_number <> 2 * count(m) or count(distinct m.claim_number) <> count(m)
        or count(m) filter (where m.outcome = 'completed') <> (s.status = 'completed')::int
        or (s.status = 'completed' and max(m.claim_number) <> max(m.claim_number) filter (where m.outcome = 'completed'))`,
  },
  {
    name: 'I4',
    explanation: 'Each row of a source is one lead, sighted by the session that counts it',
    violations: `
      select format('%s leads for row "%s" of "%s"', count(*), source_row_id, portal) as what
      from leads group by source, portal, source_row_id having count(*) > 1
      union all
      select format('lead %s was never sighted by session %s', l.id, l.session_id) from leads l
      where not exists (select from lead_sightings g where g.lead_id = l.id and g.session_id = l.session_id)
      union all
      select format('session %s counts %s leads and sighted %s', s.id, s.leads_found, count(g)) from scraping_sessions s
      left join lead_sightings g on g.session_id = s.id group by s.id having s.leads_found <> count(g)`,
  },
  {
    name: 'I5',
    explanation: 'No session has had more charged attempts than its limit',
    violations: `
      select format('session %s: %s charged attempts, retry_count %s of %s', s.id, count(m), s.retry_count, s.max_retries) as what
      from scraping_sessions s
      left join scraper_metrics m on m.session_id = s.id and m.outcome in ('retry', 'failed', 'timed_out', 'crashed')
      group by s.id having s.retry_count > s.max_retries or count(m) > s.max_retries + 1`,
  },
  {
    name: 'I6',
    explanation: 'The figures of a session are the sum over its attempts',
    violations: `
      select format('session %s: %s leads, %s new; its attempts say %s and %s', s.id, s.leads_found, s.leads_new,
        sum(m.leads_found), sum(m.leads_new)) as what
      from scraping_sessions s join scraper_metrics m on m.session_id = s.id where s.status <> 'running'
      group by s.id having s.leads_found <> sum(m.leads_found) or s.leads_new <> sum(m.leads_new)`,
  },
  {
    name: 'I7',
    explanation: 'Each occurrence of a schedule has started at most one batch',
    violations: `
      select format('batch %s was started by %s occurrences', batch_id, count(*)) as what
      from schedule_runs where batch_id is not null group by batch_id having count(*) > 1`,
  },
  {
    name: 'I8',
    explanation: 'Nothing runs without a living worker, holds a slot of a host for nobody, or sits in a transaction',
    violations: `
      select format('session %s runs on worker %s, which is gone', s.id, s.worker_id) as what from scraping_sessions s
      where s.status = 'running' and not exists (
        select from worker_instances w where w.worker_id = s.worker_id and w.lease_until > clock_timestamp())
      union all
      select format('worker %s is %s although its lease has passed', worker_id, status) from worker_instances
      where status in ('starting', 'idle', 'running', 'draining') and lease_until < clock_timestamp() - interval '15 seconds'
      union all
      select format('a slot of %s is held for session %s, which is %s', h.host_key, s.id, s.status) from host_slots h
      join scraping_sessions s on s.id = h.session_id
      where h.expires_at > clock_timestamp() and s.status in ('completed', 'failed', 'cancelled')
      union all
      select format('connection %s of %s is %s', pid, application_name, state) from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'
        and state_change < clock_timestamp() - interval '5 seconds'`,
  },
];

/** Examples of one broken invariant; more would only be noise. */
const EXAMPLES = 3;

/** Checks all of them; one sentence per broken one. */
export async function findViolations(db: Executor): Promise<string[]> {
  const findings: string[] = [];
  for (const { name, explanation, violations } of INVARIANTS) {
    const rows = await db.query<{ what: string }>(violations);
    if (rows.length === 0) continue;
    const examples = rows.slice(0, EXAMPLES).map((row) => row.what);
    findings.push(`${name} is broken ${rows.length} times (${explanation}): ${examples.join('; ')}`);
  }
  return findings;
}
