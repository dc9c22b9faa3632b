import { ApiError, fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';

/** Printable, and no longer than any name that can be asked, port included. */
const HOST_KEY = /^[\x21-\x7e]{1,300}$/;

/**
 * Ends a host's pause and back-off, so that its sessions go on. Asking for one that is not paused changes nothing.
 * @throws ApiError 400 for what is no host, 404 for one that was never asked.
 */
export async function resumeHost(
  { queue, publisher }: Pick<ServerContext, 'queue' | 'publisher'>,
  hostKey: string | undefined,
): Promise<{ hostKey: string }> {
  if (hostKey === undefined || !HOST_KEY.test(hostKey)) {
    throw fieldError(
      'invalid_request',
      'id',
      `"${String(hostKey).slice(0, 100)}" is not a host, such as "example.com"`,
    );
  }
  if (!(await queue.resumeHost(hostKey))) throw hostNotFound(hostKey);
  publisher.publish(['hosts', 'sessions']);
  return { hostKey };
}

function hostNotFound(hostKey: string): ApiError {
  return new ApiError('not_found', `The host "${hostKey.slice(0, 100)}" has never been asked.`, {
    details: [{ field: 'id', message: 'is not known' }],
  });
}
