/** The columns of ApiSession, named as there. Lists leave out what is long: the parts of progress, and an error's depth. */
export const LIST_COLUMNS = columns(
  `s.progress - 'parts'`,
  `case when s.error is not null then jsonb_build_object('code', s.error->'code', 'message', s.error->'message') end`,
);

export const DETAIL_COLUMNS = `${columns('s.progress', `s.error - 'stack'`)},
  s.host_key as "hostKey", s.params, s.crash_count as "crashCount", s.proxy_used as "proxyUsed", s.timeout_at as "timeoutAt"`;

function columns(progress: string, error: string): string {
  return `s.id, s.batch_id as "batchId", s.source, s.location, s.status, s.status_reason as "statusReason",
  s.cancel_requested as "cancelRequested", s.priority, s.retry_count as "retryCount", s.max_retries as "maxRetries",
  s.leads_found as "leadsFound", s.leads_new as "leadsNew", s.worker_id as "workerId", s.created_at as "createdAt",
  case when s.wake_at < 'infinity' then s.wake_at end as "wakeAt",
  case when s.wake_at = 'infinity' then s.host_key end as "inLineFor", s.started_at as "startedAt", s.completed_at as "completedAt",
  ${progress} as progress, ${error} as error`;
}
