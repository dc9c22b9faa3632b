import type { Metadata } from 'next';
import { Suspense } from 'react';
import { type PageQuery, pathWithQuery } from '#components/path-with-query.ts';
import { requirePageAccount } from '#server/auth/page-account.ts';
import { ScrapingBoard } from './_components/scraping-board.tsx';

export const metadata: Metadata = { title: 'Scraping' };

interface Props {
  searchParams: Promise<PageQuery>;
}

export default async function ScrapingPage({ searchParams }: Props) {
  await requirePageAccount(pathWithQuery('/scraping', await searchParams));
  return (
    <Suspense>
      <ScrapingBoard />
    </Suspense>
  );
}
