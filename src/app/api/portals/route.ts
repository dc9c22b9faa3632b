import { withAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { addPortal } from '#server/portals/add-portal.ts';
import { listPortals } from '#server/portals/list-portals.ts';
import { removePortal } from '#server/portals/remove-portal.ts';
import { respondJson } from '#server/respond.ts';

/** Mappings of wide tables are long. */
const PORTAL_BYTES_MAX = 1024 * 1024;

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listPortals(context.db), nextCursor: null }),
  { role: 'viewer' },
);

export const POST = withAuth(
  async ({ request, context }) =>
    respondJson(await addPortal(context, await readJsonBody(request, PORTAL_BYTES_MAX)), 201),
  { role: 'admin' },
);

/** The same as DELETE /api/portals/ID, with ?id=ID. */
export const DELETE = withAuth(
  async ({ query, context }) => {
    await removePortal(context, query.get('id'));
    return respondJson({ removed: query.get('id') });
  },
  { role: 'admin' },
);
