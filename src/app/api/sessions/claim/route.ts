import { withBotAuth } from '#server/auth/with-auth.ts';
import { claimForBot } from '#server/bots/claim-for-bot.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withBotAuth(async ({ request, context, account }) => {
  const input = await readJsonBody(request);
  return respondJson({ sessions: await claimForBot(context, account, input, request.signal) });
});
