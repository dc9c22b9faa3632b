/** The first token is the one that robots.txt rules are searched for. */
export const PRODUCT_TOKEN = 'EkoLeadBot';

/** Says honestly who asks, and where to complain. */
export function userAgent(contact?: string): string {
  return contact ? `${PRODUCT_TOKEN}/0.1 (+${contact})` : `${PRODUCT_TOKEN}/0.1`;
}
