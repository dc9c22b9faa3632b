import { withAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { triggerScrape } from '#server/sessions/trigger-scrape.ts';

export const POST = withAuth(
  async ({ request, context }) => {
    const body = await readJsonBody(request);
    return respondJson(await triggerScrape(context, body, request.headers.get('idempotency-key')), 202);
  },
  { role: 'operator' },
);
