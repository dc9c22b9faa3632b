import type { PortalOrigin } from '#lib/db/schema/vocabulary.ts';
import { ApiError, fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';

const WHERE_FROM: Record<Exclude<PortalOrigin, 'api'>, string> = {
  builtin: 'It is shipped with the program and would come back with the next start.',
  file: 'It comes from EKO_PORTALS_FILE; remove it there.',
  demo: 'It belongs to the demo data; DELETE /api/demo removes all of that.',
};

/** Ids are slugs; nothing else can be one. */
const ID = /^[a-z0-9][a-z0-9-]{0,199}$/;

/**
 * Removes a portal that was added through the API; the leads it gave stay.
 * @throws ApiError 400, 404, or 409 for a portal that comes from elsewhere.
 */
export async function removePortal(context: Pick<ServerContext, 'db' | 'publisher'>, id: string | null): Promise<void> {
  if (id === null || !ID.test(id)) {
    throw fieldError(
      'invalid_request',
      'id',
      `"${(id ?? '').slice(0, 100)}" is not the id of a portal, such as "ga-dekalb-county"`,
    );
  }
  const [removed] = await context.db.query(`delete from portals where id = $1 and origin = 'api' returning id`, [id]);
  if (removed) {
    await context.db.query('delete from portal_watermarks where portal_id = $1', [id]);
    context.publisher.publish(['portals']);
    return;
  }
  const [other] = await context.db.query<{ origin: PortalOrigin }>('select origin from portals where id = $1', [id]);
  if (!other || other.origin === 'api')
    throw new ApiError('not_found', `There is no portal "${id}".`, {
      details: [{ field: 'id', message: 'is not known' }],
    });
  throw new ApiError('portal_not_removable', `The portal "${id}" cannot be deleted. ${WHERE_FROM[other.origin]}`);
}
