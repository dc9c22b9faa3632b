import { listApiTokens } from '#lib/tokens/api-tokens.ts';
import { withAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { addToken } from '#server/tokens/change-tokens.ts';

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listApiTokens(context.db), nextCursor: null }),
  { role: 'admin' },
);

export const POST = withAuth(
  async ({ request, context }) => respondJson(await addToken(context, await readJsonBody(request)), 201),
  { role: 'admin' },
);
