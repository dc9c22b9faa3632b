import { z } from 'zod';
import { LayoutChangedError } from '#lib/errors.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';

/** What the site answers. Checking it turns a redesign into a clear error instead of zero leads. */
const pageSchema = z.object({
  tenders: z.array(z.object({ id: z.string(), title: z.string(), contact: z.string() })),
  nextPage: z.number().nullable(),
});

/** Reads a town's list of open tenders: who asks for solar work, and how to reach them. */
export class OpenTendersScraper extends BaseScraper {
  readonly source = 'tenders';

  protected override async scrape(location: string): Promise<void> {
    // A first attempt starts at page 1; one that follows a crash goes on where the last checkpoint was.
    let page: number | null = typeof this.cursor === 'number' ? this.cursor : 1;
    while (page !== null) {
      const url = `https://tenders.example.com/api/open?place=${encodeURIComponent(location)}&page=${page}`;
      const answer = pageSchema.safeParse(await this.makeRequest(url, { as: 'json' }));
      if (!answer.success) throw new LayoutChangedError(`"${url}" answers in another shape than it used to`);
      for (const tender of answer.data.tenders) this.#emit(tender, url);
      page = answer.data.nextPage;
      // Leads and position are saved together; nothing found is lost, nothing is found twice.
      await this.checkpoint(page, { progress: { message: `${location}: page ${page ?? 'last'}` } });
    }
  }

  #emit(tender: { id: string; title: string; contact: string }, url: string): void {
    const origin = { sourceUrl: url, sourceRowId: tender.id, fetchedAt: new Date().toISOString() };
    this.emitLead({
      portal: 'open-tenders',
      sourceRowId: tender.id,
      sourceUrl: url,
      role: 'owner',
      request: this.cleanText(tender.title),
      email: this.extractEmail(tender.contact),
      phone: this.extractPhone(tender.contact),
      provenance: {
        request: { ...origin, rule: 'title' },
        email: { ...origin, rule: 'contact' },
        phone: { ...origin, rule: 'contact' },
      },
    });
  }
}
