import { withBotAuth } from '#server/auth/with-auth.ts';
import { beatBot } from '#server/bots/beat-bot.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withBotAuth(async ({ request, context, account }) =>
  respondJson(await beatBot(context, account, await readJsonBody(request))),
);
