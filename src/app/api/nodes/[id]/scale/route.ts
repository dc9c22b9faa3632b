import { withAuth } from '#server/auth/with-auth.ts';
import { scaleNode, scaleSchema } from '#server/nodes/steer-node.ts';
import { parseInput } from '#server/parse-input.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withAuth(
  async ({ request, params, context }) => {
    const { workers } = parseInput(scaleSchema, await readJsonBody(request));
    return respondJson(await scaleNode(context, params.id, workers));
  },
  { role: 'operator' },
);
