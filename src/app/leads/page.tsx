import type { Metadata } from 'next';
import { type PageQuery, pathWithQuery } from '#components/path-with-query.ts';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readLeads, readSources } from '../first-paint.tsx';
import { loadLeadFilters } from './_components/lead-filter-parsers.ts';
import { LeadsBoard } from './_components/leads-board.tsx';

export const metadata: Metadata = { title: 'Leads' };

interface Props {
  searchParams: Promise<PageQuery>;
}

export default async function LeadsPage({ searchParams }: Props) {
  await requirePageAccount(pathWithQuery('/leads', await searchParams));
  const filters = await loadLeadFilters(searchParams);
  return (
    <FirstPaint reads={[readLeads(filters), readSources()]}>
      <LeadsBoard />
    </FirstPaint>
  );
}
