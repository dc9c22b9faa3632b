import { definePageParser } from '#lib/scrapers/page-parser.ts';

/** Eight fields of each card, as a scraper would read them. */
export const listingParser = definePageParser({
  name: 'bench-listing',
  module: import.meta.url,
  parse({ $ }) {
    const cards = $('article.card').map((_, element) => {
      const card = $(element);
      return {
        id: card.attr('data-id'),
        title: card.find('.title').text().trim(),
        link: card.find('a.link').attr('href'),
        place: card.find('.place').text(),
        date: card.find('time').attr('datetime'),
        summary: card.find('.summary').text(),
        mail: card.find('.mail').text(),
        phone: card.find('.phone').text(),
      };
    });
    return cards.get();
  },
});
