import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readSession, readSources } from '../../first-paint.tsx';
import { SessionView } from './_components/session-view.tsx';

interface Props {
  params: Promise<{ sessionId: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Session ${(await params).sessionId.slice(0, 20)}` };
}

export default async function SessionPage({ params }: Props) {
  const { sessionId } = await params;
  await requirePageAccount(`/scraping/${encodeURIComponent(sessionId)}`);
  if (!/^[1-9]\d{0,14}$/.test(sessionId)) notFound();
  const id = Number(sessionId);
  return (
    <FirstPaint reads={[readSession(id), readSources()]}>
      <SessionView id={id} />
    </FirstPaint>
  );
}
