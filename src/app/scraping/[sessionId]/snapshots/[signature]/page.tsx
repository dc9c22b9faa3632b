import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { SnapshotView } from './_components/snapshot-view.tsx';

export const metadata: Metadata = { title: 'Page as received' };

interface Props {
  params: Promise<{ sessionId: string; signature: string }>;
}

export default async function SnapshotPage({ params }: Props) {
  const { sessionId, signature } = await params;
  await requirePageAccount(`/scraping/${encodeURIComponent(sessionId)}/snapshots/${encodeURIComponent(signature)}`);
  if (!/^[1-9]\d{0,14}$/.test(sessionId) || !/^[0-9a-f]{64}$/.test(signature)) notFound();
  return <SnapshotView sessionId={Number(sessionId)} signature={signature} />;
}
