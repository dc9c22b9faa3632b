/** A page as a site might answer it; what is left out is as on a plain page. */
export interface SamplePage {
  says: string;
  status?: number;
  headers?: Record<string, string>;
  text: string;
  /** Where redirects led to. */
  finalUrl?: string;
  medianBytes?: number;
}

export const html = (head: string, body: string) =>
  `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">${head}</head>\n<body>${body}</body></html>`;
export const title = (words: string) => `<title>${words}</title>`;
export const paragraphs = (count: number) =>
  '<p>The county issued new permits for roofs, panels and chargers in this week of the year.</p>'.repeat(count);
export const json = { 'content-type': 'application/json' };
