import { withAuth } from '#server/auth/with-auth.ts';
import { respondEventStream } from '#server/events/event-stream.ts';
import { narrowToSession } from '#server/events/narrow-to-session.ts';
import { parseId } from '#server/parse-id.ts';
import { requireSession } from '#server/sessions/list-session-logs.ts';

/** Server-sent events that concern one session. */
export const GET = withAuth(
  async ({ request, params, context }) => {
    const id = parseId(params.id);
    await requireSession(context.db, id);
    return respondEventStream(request, context.hub, { narrow: (event) => narrowToSession(event, id) });
  },
  { role: 'viewer' },
);
