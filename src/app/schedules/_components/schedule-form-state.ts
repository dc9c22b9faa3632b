import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { patchJson, postJson } from '#components/api/api-client.ts';
import { isOutage } from '#components/api/query-client.ts';
import { notifyDone } from '#components/notify.tsx';
import { placeErrors } from '#components/place-errors.ts';
import { useFocusFirstError } from '#components/use-focus-first-error.ts';
import type { ApiSchedule, ApiScheduleDetail } from '#lib/api/schedule.ts';
import type { CatchUpPolicy } from '#lib/db/schema/vocabulary.ts';
import { browserZone } from './zone-time.ts';

/** A target as it is typed. */
export interface TargetValues {
  source: string;
  location: string;
  /** JSON; '' for none. */
  params: string;
}

export interface ScheduleValues {
  name: string;
  timing: 'cron' | 'minutes';
  cron: string;
  timeZone: string;
  everyMinutes: number | '';
  targets: TargetValues[];
  /** '' is all. */
  batchSize: number | '';
  priority: number | '';
  maxRetries: number | '';
  jitterMinutes: number | '';
  allowOverlap: boolean;
  catchUp: CatchUpPolicy;
  catchUpMax: number | '';
}

export type ScheduleFormApi = UseFormReturnType<ScheduleValues>;

const NEW_TARGET: TargetValues = { source: 'permits', location: '', params: '' };

const emptyForm = (): ScheduleValues => ({
  name: '',
  timing: 'cron',
  cron: '0 7 * * 1-5',
  timeZone: browserZone(),
  everyMinutes: 10,
  targets: [{ ...NEW_TARGET }],
  batchSize: '',
  priority: '',
  maxRetries: '',
  jitterMinutes: '',
  allowOverlap: false,
  catchUp: 'latest',
  catchUpMax: 10,
});

export const newTarget = (): TargetValues => ({ ...NEW_TARGET });

export function toValues(schedule: ApiSchedule | null): ScheduleValues {
  if (schedule === null) return emptyForm();
  return {
    name: schedule.name,
    timing: schedule.cron === null ? 'minutes' : 'cron',
    cron: schedule.cron ?? '0 7 * * 1-5',
    timeZone: schedule.timeZone,
    everyMinutes: schedule.everyMinutes ?? 10,
    targets: schedule.targets.map(({ source, location, params }) => ({
      source,
      location,
      params: params === undefined ? '' : JSON.stringify(params),
    })),
    batchSize: schedule.batchSize ?? '',
    priority: schedule.priority === 0 ? '' : schedule.priority,
    maxRetries: schedule.maxRetries ?? '',
    jitterMinutes: schedule.jitterSeconds === 0 ? '' : schedule.jitterSeconds / 60,
    allowOverlap: schedule.allowOverlap,
    catchUp: schedule.catchUp,
    catchUpMax: schedule.catchUpMax,
  };
}

/** What POST and PATCH /api/schedules take. `params` must have been found to be JSON. */
export function toRequest(values: ScheduleValues): Record<string, unknown> {
  const byCron = values.timing === 'cron';
  return {
    name: values.name.trim(),
    cron: byCron ? values.cron : null,
    everyMinutes: byCron ? null : orNull(values.everyMinutes),
    timeZone: values.timeZone,
    targets: values.targets.map(({ source, location, params }) => ({
      source,
      location: location.trim(),
      ...(params.trim() === '' ? {} : { params: JSON.parse(params) }),
    })),
    batchSize: orNull(values.batchSize),
    priority: values.priority === '' ? 0 : values.priority,
    maxRetries: orNull(values.maxRetries),
    jitterSeconds: values.jitterMinutes === '' ? 0 : Math.round(values.jitterMinutes * 60),
    allowOverlap: values.allowOverlap,
    catchUp: values.catchUp,
    ...(values.catchUpMax === '' ? {} : { catchUpMax: values.catchUpMax }),
  };
}

const orNull = (value: number | ''): number | null => (value === '' ? null : value);

const FIELDS: readonly string[] = Object.keys(emptyForm());

/** Fields that are folded away with the options. */
const OPTIONS = ['batchSize', 'jitterMinutes', 'catchUp', 'catchUpMax', 'priority', 'maxRetries', 'allowOverlap'];

/**
 * The API's name of a field → the form's; "targets.2.params.signal" belongs to the third target's params. Undefined for what the
 * form does not show.
 */
export function toFormField(name: string): string | undefined {
  const target = /^targets\.(\d+)\.(source|location|params)/.exec(name);
  if (target) return `targets.${target[1]}.${target[2]}`;
  const field = name === 'jitterSeconds' ? 'jitterMinutes' : name;
  return FIELDS.includes(field) && field !== 'targets' ? field : undefined;
}

/** Whether something that is wrong stands among the options. */
export const hasOptionErrors = (errors: ScheduleFormApi['errors']): boolean => OPTIONS.some((field) => field in errors);

function validateParams(text: string): string | null {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'Must be {…}';
  } catch {
    return 'Is not JSON; write for example {"signal": ["solar"]}';
  }
}

/** The form of a new schedule, or of one that is changed. */
export function useScheduleForm(schedule: ApiSchedule | null, onSaved: (saved: ApiScheduleDetail) => void) {
  const queryClient = useQueryClient();
  const form = useForm<ScheduleValues>({
    initialValues: toValues(schedule),
    validate: {
      name: (value) => (value.trim() === '' ? 'Give it a name' : null),
      cron: (value, { timing }) => (timing === 'cron' && value.trim() === '' ? 'Give a cron text' : null),
      everyMinutes: (value, { timing }) => (timing === 'minutes' && value === '' ? 'Give a number of minutes' : null),
      targets: {
        location: (value) => (value.trim() === '' ? 'Type a place, such as Georgia' : null),
        params: validateParams,
      },
    },
  });
  const save = useMutation({
    mutationFn: (values: ScheduleValues) =>
      schedule === null
        ? postJson<ApiScheduleDetail>('/api/schedules', toRequest(values))
        : patchJson<ApiScheduleDetail>(`/api/schedules/${schedule.id}`, toRequest(values)),
    onSuccess: (saved) => {
      notifyDone(schedule === null ? `${saved.name} is scheduled` : `${saved.name} is changed`);
      onSaved(saved);
    },
    onError: (error) => form.setErrors(placeErrors(error, toFormField).fields),
    // Nobody waits for the list: a refusal moves the focus as soon as it is shown, not when somebody has gone on.
    onSettled: () => {
      queryClient.invalidateQueries({ queryKey: ['schedules'] });
    },
  });
  useFocusFirstError(form, save.error);
  return {
    form,
    submit: (values: ScheduleValues) => save.mutate(values),
    pending: save.isPending,
    /** What stands beside no field. */
    problem: save.error === null ? null : placeErrors(save.error, toFormField).rest,
    /** It may have been saved all the same. */
    isUnanswered: isOutage(save.error),
  };
}
