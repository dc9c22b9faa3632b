import { withBotAuth } from '#server/auth/with-auth.ts';
import { registerBot } from '#server/bots/register-bot.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withBotAuth(async ({ request, context, account }) =>
  respondJson(await registerBot(context, account, await readJsonBody(request)), 201),
);
