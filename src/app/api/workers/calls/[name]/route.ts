import { withWorkerAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { answerCall, CALL_BYTES_MAX, requireSameVersion } from '#server/worker-calls/answer-call.ts';

/** What a worker asks whose machine has no database; see docs/workers-over-http.md. */
export const POST = withWorkerAuth(async ({ request, params, context, account }) => {
  requireSameVersion(request);
  const { db, publisher, signals, workerPorts: ports } = context;
  const input = await readJsonBody(request, CALL_BYTES_MAX, 'mend');
  return respondJson(
    await answerCall({ db, publisher, signals, ports, account, leaving: request.signal }, params.name, input),
  );
});
