import { ParseLimitError } from '#lib/errors.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { type Notice, noticeBoardParser } from './notice-board.parser.ts';

/** Reads a town's notice board page by page: who asks for roof work, and how to reach them. */
export class NoticeBoardScraper extends BaseScraper {
  readonly source = 'notices';

  protected override async scrape(): Promise<void> {
    let url: string | null = typeof this.cursor === 'string' ? this.cursor : 'https://board.example.com/notices';
    while (url !== null) url = await this.#readPage(url);
  }

  async #readPage(url: string): Promise<string | null> {
    const page = await this.fetchPage(url, { expect: { results: ['class="notices"'] } });
    try {
      const { notices, nextUrl } = await this.parsePage(page, noticeBoardParser);
      for (const notice of notices) this.#emit(notice);
      await this.checkpoint(nextUrl);
      return nextUrl;
    } catch (error) {
      // A page that may not be parsed is one page less; anything else ends the session.
      if (!(error instanceof ParseLimitError)) throw error;
      this.logWarn(error.message);
      return null;
    }
  }

  #emit({ id, title, text, link }: Notice): void {
    const origin = { sourceUrl: link, sourceRowId: id, fetchedAt: new Date().toISOString() };
    this.emitLead({
      portal: 'notice-board',
      sourceRowId: id,
      sourceUrl: link,
      role: 'owner',
      request: this.cleanText(title),
      email: this.extractEmail(text),
      phone: this.extractPhone(text),
      provenance: {
        request: { ...origin, rule: 'h3' },
        email: { ...origin, rule: 'p' },
        phone: { ...origin, rule: 'p' },
      },
    });
  }
}
