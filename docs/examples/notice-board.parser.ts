import { LayoutChangedError } from '#lib/errors.ts';
import { definePageParser } from '#lib/scrapers/page-parser.ts';

export interface Notice {
  id: string;
  title: string;
  text: string;
  link: string;
}

/** Reads a page of the notice board. It runs in a thread of its own: markup in, plain data out. */
export const noticeBoardParser = definePageParser({
  name: 'notice-board',
  module: import.meta.url,
  parse({ $, finalUrl }): { notices: Notice[]; nextUrl: string | null } {
    const board = $('ul.notices');
    if (board.length === 0) throw new LayoutChangedError(`"${finalUrl}" has no list of notices`);
    const notices = board.children('li').map((_, item) => {
      const notice = $(item);
      return {
        id: notice.attr('data-id') ?? '',
        title: notice.find('h3').text(),
        text: notice.find('p').text(),
        link: new URL(notice.find('a').attr('href') ?? '', finalUrl).href,
      };
    });
    const next = $('a[rel=next]').attr('href');
    return { notices: notices.get(), nextUrl: next === undefined ? null : new URL(next, finalUrl).href };
  },
});
