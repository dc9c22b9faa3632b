import { removeDemoData } from '#demo/remove-demo-data.ts';
import type { ServerContext } from '../context.ts';

/** Removes the demo's leads and portals, for good: the next start does not bring them back. */
export async function removeDemo(
  context: Pick<ServerContext, 'db' | 'publisher'>,
): Promise<{ leads: number; portals: number }> {
  const removed = await removeDemoData(context.db);
  context.publisher.publish(['leads', 'portals']);
  return removed;
}
