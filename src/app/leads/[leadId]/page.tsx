import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readLead, readPortals, readSources } from '../../first-paint.tsx';
import { LeadView } from './_components/lead-view.tsx';

interface Props {
  params: Promise<{ leadId: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Lead ${(await params).leadId.slice(0, 20)}` };
}

export default async function LeadPage({ params }: Props) {
  const { leadId } = await params;
  await requirePageAccount(`/leads/${encodeURIComponent(leadId)}`);
  if (!/^[1-9]\d{0,14}$/.test(leadId)) notFound();
  const id = Number(leadId);
  return (
    <FirstPaint reads={[readLead(id), readSources(), readPortals()]}>
      <LeadView id={id} />
    </FirstPaint>
  );
}
