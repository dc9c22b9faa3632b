import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createMemoryContext } from '#lib/scrapers/memory-context.ts';
import { OpenTendersScraper } from './open-tenders.scraper.ts';

const address = (page: number) => `https://tenders.example.com/api/open?place=Georgia&page=${page}`;

const pages = {
  [address(1)]: JSON.stringify({
    tenders: [
      { id: 'T-1', title: ' Solar for the  town hall ', contact: 'Ask kim [at] example.com or (404) 555-0123' },
    ],
    nextPage: 2,
  }),
  [address(2)]: JSON.stringify({
    tenders: [{ id: 'T-2', title: 'School roof', contact: 'tel. 404 555 0124' }],
    nextPage: null,
  }),
};

it('reads every page and resumes at the page that it reached', async () => {
  const context = createMemoryContext({ source: 'tenders', location: 'Georgia', pages });
  const result = await new OpenTendersScraper().execute('Georgia', { context });
  expect(result.totalLeads).toBe(2);
  expect(context.leads[0]).toMatchObject({ email: 'kim@example.com', phone: '+14045550123' });

  const resumed = createMemoryContext({ source: 'tenders', location: 'Georgia', pages, cursor: 2 });
  await new OpenTendersScraper().execute('Georgia', { context: resumed });
  expect(resumed.leads.map((lead) => lead.sourceRowId)).toEqual(['T-2']);
});

it('calls a redesign a redesign, never zero leads', async () => {
  const context = createMemoryContext({ pages: { [address(1)]: '{"items":[]}' } });
  await expect(new OpenTendersScraper().execute('Georgia', { context })).rejects.toMatchObject({
    code: 'layout_changed',
  });
});

it('is the example that the README shows', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(readFileSync(new URL('./open-tenders.scraper.ts', import.meta.url), 'utf8').trimEnd());
});
