import type { Metadata } from 'next';
import { type PageQuery, pathWithQuery } from '#components/path-with-query.ts';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { FirstPaint, readPortals, readSessions, readSources } from '../first-paint.tsx';
import { ScrapingBoard } from './_components/scraping-board.tsx';
import { loadSessionFilters } from './_components/session-filter-parsers.ts';

export const metadata: Metadata = { title: 'Scraping' };

interface Props {
  searchParams: Promise<PageQuery>;
}

export default async function ScrapingPage({ searchParams }: Props) {
  await requirePageAccount(pathWithQuery('/scraping', await searchParams));
  const filters = await loadSessionFilters(searchParams);
  return (
    <FirstPaint reads={[readSessions(filters), readSources(), readPortals()]}>
      <ScrapingBoard />
    </FirstPaint>
  );
}
