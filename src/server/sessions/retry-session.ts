import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { sessionNotFound } from './get-session.ts';

/**
 * Starts an ended session again with all its tries.
 * @throws ApiError 404, or 409 while the session waits or runs.
 */
export async function retrySession(
  context: Pick<ServerContext, 'queue' | 'publisher'>,
  id: number,
): Promise<{ id: number; status: 'pending' }> {
  const answer = await context.queue.retryByHand(id);
  if (answer === 'not-found') throw sessionNotFound(id);
  if (answer === 'not-finished')
    throw new ApiError('not_finished', `Session ${id} has not ended yet; cancel it first to start it again.`);
  context.publisher.publish(['sessions'], [id]);
  return { id, status: 'pending' };
}
