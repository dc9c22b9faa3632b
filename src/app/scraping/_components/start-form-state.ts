import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { postJson } from '#components/api/api-client.ts';
import { createIdempotencyKeys } from '#components/api/idempotency-key.ts';
import { isOutage } from '#components/api/query-client.ts';
import { notifyDone } from '#components/notify.tsx';
import { placeErrors } from '#components/place-errors.ts';
import { isSignal } from '#components/signals.tsx';
import { useFocusFirstError } from '#components/use-focus-first-error.ts';
import { useTypedEarly } from '#components/use-typed-early.ts';
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

/** Fields that are folded away with the options. */
const OPTIONS: readonly string[] = ['since', 'maxRows', 'priority'] satisfies (keyof StartValues)[];

/** Whether something that is wrong stands among the options. */
export const hasOptionErrors = (errors: StartFormApi['errors']): boolean => OPTIONS.some((field) => field in errors);

/** The items of a list stand beside it. */
export function toFormField(name: string): keyof StartValues | undefined {
  return FORM_FIELDS[name] ?? FORM_FIELDS[name.replace(/[.[]\d+\]?$/, '')];
}

export function useStartForm(onStarted: (answer: ApiTriggerResponse) => void) {
  const queryClient = useQueryClient();
  const [keys] = useState(createIdempotencyKeys);
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
    mutationFn: (values: StartValues) => {
      const request = toTriggerRequest(values);
      return postJson<ApiTriggerResponse>('/api/scraping/trigger', {
        ...request,
        idempotencyKey: keys.keyFor(request),
      });
    },
    onSuccess: async (answer, values) => {
      keys.settle();
      notifyDone(`Started: ${values.location.trim()}`);
      // The next place may have been typed already.
      form.setFieldValue('location', (typed) => (typed === values.location ? '' : typed));
      onStarted(answer);
      await queryClient.invalidateQueries({
        predicate: ({ queryKey }) => ['sessions', 'summary'].includes(String(queryKey[0])),
      });
    },
    onError: (error) => form.setErrors(placeErrors(error, toFormField).fields),
  });
  useFocusFirstError(form, trigger.error);
  useTypedEarly(
    () => form.getInputNode('location') as HTMLInputElement | null,
    form.values.location,
    (typed) => form.setFieldValue('location', typed),
  );
  return {
    form,
    submit: (values: StartValues) => trigger.mutate(values),
    pending: trigger.isPending,
    problem: trigger.error === null ? null : placeErrors(trigger.error, toFormField).rest,
    /** No answer came: the scrape may have started all the same. */
    isUnanswered: isOutage(trigger.error),
  };
}
