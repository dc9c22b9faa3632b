import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { sessionNotFound } from './get-session.ts';

/**
 * Cancels a waiting session at once, and asks the worker of a running one to stop; asking twice is fine.
 * @throws ApiError 404, or 409 when the session has ended already.
 */
export async function cancelSession(
  context: Pick<ServerContext, 'queue' | 'publisher'>,
  id: number,
): Promise<{ id: number; status: 'cancelled' | 'cancelling' }> {
  const answer = await context.queue.requestCancel(id);
  if (answer === 'not-found') throw sessionNotFound(id);
  if (answer === 'finished')
    throw new ApiError('already_finished', `Session ${id} has ended already; nothing is left to cancel.`);
  context.publisher.publish(['sessions'], [id]);
  return { id, status: answer };
}
