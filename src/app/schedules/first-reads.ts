import 'server-only';
import { listKey, oneKey } from '#components/api/query-keys.ts';
import { serverContext } from '#server/context.ts';
import { parsePage } from '#server/parse-page.ts';
import { getSchedule, listSchedules } from '#server/schedules/list-schedules.ts';
import type { FirstRead } from '../first-paint.tsx';

export const readSchedules = (): FirstRead => ({
  queryKey: listKey('schedules'),
  paged: true,
  read: async () => listSchedules(serverContext().db, parsePage(new URLSearchParams())),
});

export const readSchedule = (id: number): FirstRead => ({
  queryKey: oneKey('schedules', id),
  read: () => getSchedule(serverContext().db, id),
});
