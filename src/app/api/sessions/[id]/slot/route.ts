import { withBotAuth } from '#server/auth/with-auth.ts';
import { reserveSlot } from '#server/bots/host-slot.ts';
import { parseId } from '#server/parse-id.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withBotAuth(async ({ request, params, context, account }) => {
  const id = parseId(params.id);
  return respondJson(await reserveSlot(context, account, id, await readJsonBody(request)));
});
