import type { ApiPortal } from '#lib/api/source.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import { portalInputSchema, toPortal } from '#lib/portals/portal-input.ts';
import { ApiError, fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';

/**
 * Adds a portal, to be read from the next session on.
 * @throws ApiError 400 naming the field, 422 for an address that scrapers may not ask, 409 when its id exists.
 */
export async function addPortal(
  context: Pick<ServerContext, 'db' | 'env' | 'publisher'>,
  input: unknown,
): Promise<ApiPortal> {
  const portal = toPortal(parseInput(portalInputSchema, input), 'api');
  const verdict = checkUrl(portal.url, context.env.EKO_ALLOW_ADDRESSES);
  if (!verdict.ok) {
    throw fieldError(
      'address_refused',
      'url',
      `${verdict.reason}. EKO_ALLOW_ADDRESSES lets single host:port pairs through`,
    );
  }
  const rows = await context.db.query(
    `insert into portals (id, source, kind, name, state, county, city, url, fields, signal, rate_limit_ms, origin, enabled)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, true)
     on conflict (id) do nothing returning id`,
    [
      portal.id,
      portal.source,
      portal.kind,
      portal.name,
      portal.state,
      portal.county,
      portal.city,
      portal.url,
      JSON.stringify(portal.fields),
      portal.signal,
      portal.rateLimitMs,
      portal.origin,
    ],
  );
  if (rows.length === 0) {
    throw new ApiError(
      'portal_exists',
      `name: there is a portal "${portal.id}" already; choose another name, or delete that one first`,
      {
        details: [{ field: 'name', message: `gives the id "${portal.id}", which exists` }],
      },
    );
  }
  context.publisher.publish(['portals']);
  return portal;
}
