import { withAuth } from '#server/auth/with-auth.ts';
import { respondEventStream } from '#server/events/event-stream.ts';

/** Server-sent events: what has changed and is worth fetching again. */
export const GET = withAuth(({ request, context }) => respondEventStream(request, context.hub), { role: 'viewer' });
