import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteJson, postJson } from '#components/api/api-client.ts';
import { newIdempotencyKey } from '#components/api/idempotency-key.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import type { ApiSchedule, ApiScheduleRun } from '#lib/api/schedule.ts';

export type ScheduleAction = 'run' | 'pause' | 'resume' | 'remove';

/** What people do to one schedule. */
export function useScheduleAction(schedule: Pick<ApiSchedule, 'id' | 'name'>, onRemoved: () => void = () => {}) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: ScheduleAction) => send(schedule.id, action),
    onSuccess: (answer, action) => {
      tell(schedule.name, action, answer);
      if (action === 'remove') onRemoved();
    },
    onError: notifyProblem,
    onSettled: () =>
      queryClient.invalidateQueries({
        predicate: ({ queryKey }) => ['schedules', 'sessions', 'summary'].includes(String(queryKey[0])),
      }),
  });
}

function tell(name: string, action: ScheduleAction, answer: unknown): void {
  if (action === 'pause') notifyDone(`${name} is paused`);
  if (action === 'resume') notifyDone(`${name} goes on with its next run`);
  if (action === 'remove') notifyDone(`${name} is deleted; its sessions stay`);
  if (action !== 'run') return;
  const run = answer as ApiScheduleRun;
  if (run.outcome === 'started') notifyDone(`${name} has started`);
  else notifyProblem(new Error(run.reason ?? 'Nothing was started.'));
}

/** Each click is a run of its own; what the browser sends twice is not. */
function send(id: number, action: ScheduleAction): Promise<unknown> {
  if (action === 'remove') return deleteJson(`/api/schedules/${id}`);
  const body = action === 'run' ? { idempotencyKey: newIdempotencyKey() } : {};
  return postJson(`/api/schedules/${id}/${action}`, body);
}
