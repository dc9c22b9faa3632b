import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { HostState } from '#lib/hosts/host-state.ts';
import { postJson } from './api/api-client.ts';
import { notifyDone, notifyProblem } from './notify.tsx';
import { useMayWrite } from './use-may-write.ts';

export interface ResumeButtonProps {
  host: { hostKey: string; state: HostState };
}

/** Ends a pause or a back-off; what the source and robots.txt promise still holds. Nothing where there is nothing to end. */
export function ResumeButton({ host: { hostKey, state } }: ResumeButtonProps) {
  const queryClient = useQueryClient();
  const mayWrite = useMayWrite();
  const resume = useMutation({
    mutationFn: () => postJson(`/api/hosts/${encodeURIComponent(hostKey)}/resume`),
    onSuccess: () => notifyDone(`${hostKey} may be asked again`),
    onError: notifyProblem,
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ['hosts'] }),
        queryClient.invalidateQueries({ queryKey: ['sessions'] }),
      ]),
  });
  if (state !== 'paused' && state !== 'backing-off') return null;
  return (
    <Button
      size="compact-sm"
      my={2}
      variant="default"
      aria-label={`Resume now: ${hostKey}`}
      onClick={() => resume.mutate()}
      loading={resume.isPending}
      disabled={!mayWrite}
    >
      Resume now
    </Button>
  );
}
