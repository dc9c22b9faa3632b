import type { Metadata } from 'next';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readClusterStatus, readSources, readWorkers } from '../first-paint.tsx';
import { WorkersBoard } from './_components/workers-board.tsx';

export const metadata: Metadata = { title: 'Workers' };

export default async function WorkersPage() {
  await requirePageAccount('/workers');
  return (
    <FirstPaint reads={[readWorkers(), readClusterStatus(), readSources()]}>
      <WorkersBoard />
    </FirstPaint>
  );
}
