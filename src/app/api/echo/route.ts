import { openRoute } from '#server/auth/with-auth.ts';
import { answerEcho } from '#server/proxies/answer-echo.ts';
import { respondJson } from '#server/respond.ts';

/** Open to anybody: what a request looks like from here. Proxies are checked by it; its answer is never to be cached. */
export const GET = openRoute(({ request, query, context }) =>
  respondJson(answerEcho(request, query.get('nonce'), context.env)),
);
