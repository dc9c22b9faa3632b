import type { Metadata } from 'next';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readPortals, readSources } from '../first-paint.tsx';
import { SchedulesBoard } from './_components/schedules-board.tsx';
import { readSchedules } from './first-reads.ts';

export const metadata: Metadata = { title: 'Schedules' };

export default async function SchedulesPage() {
  await requirePageAccount('/schedules');
  return (
    <FirstPaint reads={[readSchedules(), readSources(), readPortals()]}>
      <SchedulesBoard />
    </FirstPaint>
  );
}
