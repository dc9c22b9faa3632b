import { demoPortals } from '#demo/demo-portals.ts';
import { restoreDemo as forgetRemoval } from '#demo/remove-demo-data.ts';
import { syncPortals } from '#lib/portals/sync-portals.ts';
import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';

/**
 * Brings the demo's portals back; their leads come with the next session.
 * @throws ApiError 409 where no demo server runs.
 */
export async function restoreDemo(
  context: Pick<ServerContext, 'db' | 'publisher' | 'demoOrigin'>,
): Promise<{ portals: number }> {
  const { demoOrigin } = context;
  if (!demoOrigin) throw new ApiError('demo_off', 'The demo server does not run here. Start again with EKO_DEMO=true.');
  const portals = demoPortals(demoOrigin);
  await forgetRemoval(context.db);
  await syncPortals(context.db, portals, 'demo');
  context.publisher.publish(['portals']);
  return { portals: portals.length };
}
