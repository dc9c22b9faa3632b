import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';

/** Longer than any name that can be asked, port included. */
const HOST_KEY_MAX = 300;

/**
 * Ends a host's pause and back-off, so that its sessions go on. Asking for one that is not paused changes nothing.
 * @throws ApiError 404 for a host that was never asked.
 */
export async function resumeHost(
  { db, publisher }: Pick<ServerContext, 'db' | 'publisher'>,
  hostKey: string | undefined,
): Promise<{ hostKey: string }> {
  if (hostKey === undefined || !isHostKey(hostKey)) throw hostNotFound(hostKey);
  const [row] = await db.query<{ known: boolean }>('select resume_host($1) as known', [hostKey]);
  if (row?.known !== true) throw hostNotFound(hostKey);
  publisher.publish(['hosts', 'sessions']);
  return { hostKey };
}

/** Without control characters and lone surrogates, which PostgreSQL does not take. */
const isHostKey = (text: string) => text.length <= HOST_KEY_MAX && /^[\x21-\x7e]+$/.test(text);

function hostNotFound(hostKey: string | undefined): ApiError {
  return new ApiError('not_found', `The host "${String(hostKey).slice(0, 100)}" has never been asked.`, {
    details: [{ field: 'id', message: 'is not known' }],
  });
}
