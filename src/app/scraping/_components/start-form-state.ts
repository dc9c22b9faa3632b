import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '#components/api/api-client.ts';
import { notifyDone } from '#components/notify.tsx';
import { placeErrors } from '#components/place-errors.ts';
import { isSignal } from '#components/signals.tsx';
import type { ApiTriggerRequest, ApiTriggerResponse } from '#lib/api/session.ts';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';

export const EVERY_PERMIT = 'any';

export interface StartValues {
  location: string;
  /** Null for the usual ones. */
  sources: string[] | null;
  /** Signals, or EVERY_PERMIT alone. */
  signals: string[];
  /** ISO date; '' for the default. */
  since: string;
  maxRows: number | '';
  priority: number | '';
}

export type StartFormApi = UseFormReturnType<StartValues>;

/** The API's name of a field → the form's. */
const FORM_FIELDS: Record<string, keyof StartValues> = {
  location: 'location',
  sources: 'sources',
  priority: 'priority',
  'params.signal': 'signals',
  'params.since': 'since',
  'params.maxRows': 'maxRows',
};

export function toTriggerRequest(values: StartValues): ApiTriggerRequest {
  const everything = values.signals.includes(EVERY_PERMIT);
  return {
    location: values.location.trim(),
    ...(values.sources === null ? {} : { sources: values.sources }),
    ...(values.priority === '' ? {} : { priority: values.priority }),
    params: {
      signal: everything ? EVERY_PERMIT : values.signals.filter(isSignal),
      ...(values.since === '' ? {} : { since: values.since }),
      ...(values.maxRows === '' ? {} : { maxRows: values.maxRows }),
    },
  };
}

/** The items of a list stand beside it. */
export function toFormField(name: string): keyof StartValues | undefined {
  return FORM_FIELDS[name] ?? FORM_FIELDS[name.replace(/[.[]\d+\]?$/, '')];
}

export function useStartForm(onStarted: (answer: ApiTriggerResponse) => void) {
  const queryClient = useQueryClient();
  const form = useForm<StartValues>({
    initialValues: {
      location: '',
      sources: null,
      signals: [...SIGNALS],
      since: '',
      maxRows: '',
      priority: '',
    },
    validate: {
      location: (value) => (value.trim() === '' ? 'Type a place, such as Georgia' : null),
      sources: (value) => (value?.length === 0 ? 'Choose at least one source' : null),
      signals: (value) => (value.length === 0 ? 'Choose at least one, or every permit' : null),
    },
  });
  const trigger = useMutation({
    mutationFn: (values: StartValues) =>
      postJson<ApiTriggerResponse>('/api/scraping/trigger', toTriggerRequest(values)),
    onSuccess: async (answer, values) => {
      notifyDone(`Started: ${values.location.trim()}`);
      form.setFieldValue('location', '');
      onStarted(answer);
      await queryClient.invalidateQueries({
        predicate: ({ queryKey }) => ['sessions', 'summary'].includes(String(queryKey[0])),
      });
    },
    onError: (error) => form.setErrors(placeErrors(error, toFormField).fields),
  });
  return {
    form,
    submit: (values: StartValues) => trigger.mutate(values),
    pending: trigger.isPending,
    problem: trigger.error === null ? null : placeErrors(trigger.error, toFormField).rest,
  };
}
