import { withBotAuth } from '#server/auth/with-auth.ts';
import { LEADS_BYTES_MAX } from '#server/bots/claim-input.ts';
import { completeSession } from '#server/bots/end-session.ts';
import { parseId } from '#server/parse-id.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withBotAuth(async ({ request, params, context, account }) => {
  const id = parseId(params.id);
  return respondJson(await completeSession(context, account, id, await readJsonBody(request, LEADS_BYTES_MAX, 'mend')));
});
