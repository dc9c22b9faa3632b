import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createMemoryContext } from '#lib/scrapers/memory-context.ts';
import { NoticeBoardScraper } from './notice-board.scraper.ts';

const FIRST = 'https://board.example.com/notices';
const notice = (id: string, text: string) =>
  `<li data-id="${id}"><h3>Roof <b>${id}</b></h3><p>${text}</p><a href="/n/${id}">more</a></li>`;

const pages = {
  [FIRST]: `<ul class="notices">${notice('1', 'Write to kim [at] example.com')}</ul><a rel="next" href="?page=2">on</a>`,
  [`${FIRST}?page=2`]: `<ul class="notices">${notice('2', 'Call (404) 555-0123')}</ul>`,
};

it('reads every page of the board', async () => {
  const context = createMemoryContext({ source: 'notices', pages });
  const result = await new NoticeBoardScraper().execute('Georgia', { context });
  expect(result.totalLeads).toBe(2);
  expect(context.leads).toMatchObject([
    { request: 'Roof 1', email: 'kim@example.com', sourceUrl: 'https://board.example.com/n/1' },
    { request: 'Roof 2', phone: '+14045550123' },
  ]);
});

it('calls a redesign a redesign, never zero leads', async () => {
  const context = createMemoryContext({ pages: { [FIRST]: '<div id="app"></div>' } });
  await expect(new NoticeBoardScraper().execute('Georgia', { context })).rejects.toMatchObject({
    code: 'layout_changed',
  });
});

it('goes without a page that may not be parsed', async () => {
  const context = createMemoryContext({ pages: { [FIRST]: '<div>'.repeat(10_000) } });
  const result = await new NoticeBoardScraper().execute('Georgia', { context });
  expect(result.warnings).toEqual([`"${FIRST}" is not parsed: The page is nested more than 512 levels deep`]);
});

it('is the example that the README shows', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(readFileSync(new URL('./notice-board.parser.ts', import.meta.url), 'utf8').trimEnd());
});
