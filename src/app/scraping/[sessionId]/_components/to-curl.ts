import type { ApiSessionDetail } from '#lib/api/session.ts';

/** A shell command that starts the same scrape again. The token is read from a variable: it never lands in a history. */
export function toCurl(
  session: Pick<ApiSessionDetail, 'location' | 'source' | 'params' | 'priority'>,
  origin: string,
): string {
  const body = JSON.stringify({
    location: session.location,
    sources: [session.source],
    ...(Object.keys(session.params).length === 0 ? {} : { params: session.params }),
    ...(session.priority === 0 ? {} : { priority: session.priority }),
  });
  return [
    `curl -X POST ${shellQuote(`${origin}/api/scraping/trigger`)}`,
    '-H "Authorization: Bearer $ADMIN_TOKEN"',
    "-H 'Content-Type: application/json'",
    `-d ${shellQuote(body)}`,
  ].join(' \\\n  ');
}

const shellQuote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
