import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readPortals, readSources } from '../../first-paint.tsx';
import { readSchedule } from '../first-reads.ts';
import { ScheduleView } from './_components/schedule-view.tsx';

interface Props {
  params: Promise<{ scheduleId: string }>;
}

export const metadata: Metadata = { title: 'Schedule' };

export default async function SchedulePage({ params }: Props) {
  const { scheduleId } = await params;
  await requirePageAccount(`/schedules/${encodeURIComponent(scheduleId)}`);
  if (!/^[1-9]\d{0,14}$/.test(scheduleId)) notFound();
  const id = Number(scheduleId);
  return (
    <FirstPaint reads={[readSchedule(id), readSources(), readPortals()]}>
      <ScheduleView id={id} />
    </FirstPaint>
  );
}
