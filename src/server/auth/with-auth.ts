import type { Role } from '#lib/db/schema/vocabulary.ts';
import { ApiError } from '../api-error.ts';
import { type ServerContext, serverContext } from '../context.ts';
import { respondError } from '../respond.ts';
import { type Account, authenticate } from './authenticate.ts';

/** What a route knows about one request. */
export interface ApiCall {
  request: Request;
  query: URLSearchParams;
  /** The dynamic parts of the path, such as `id`. */
  params: Record<string, string | undefined>;
  context: ServerContext;
}

export type AuthorizedCall = ApiCall & { account: Account };

/** What the framework passes beside the request. */
interface RouteArguments {
  params: Promise<Record<string, string | string[] | undefined>>;
}

type Route = (request: Request, route: RouteArguments) => Promise<Response>;

/** What each role may do; bots and workers have routes of their own and may do nothing here. */
const RANK: Record<Role, number> = { bot: 0, worker: 0, viewer: 1, operator: 2, admin: 3 };

/**
 * Wraps a route that only signed-in people and token bearers of at least `role` may call. Every route goes through this,
 * `withProgramAuth` or `openRoute`; a check in a proxy alone could be passed by.
 */
export function withAuth(
  handler: (call: AuthorizedCall) => Promise<Response> | Response,
  options: { role: Exclude<Role, ProgramRole> },
): Route {
  return openRoute(async (call) => {
    const account = await authenticate(call.request, call.context);
    if (RANK[account.role] < RANK[options.role]) {
      throw new ApiError('forbidden', `This needs the role "${options.role}"; yours is "${account.role}".`);
    }
    return handler({ ...call, account });
  });
}

/** Wraps a route of the bot protocol. */
export function withBotAuth(handler: (call: AuthorizedCall) => Promise<Response> | Response): Route {
  return withProgramAuth(handler, 'bot');
}

/** Wraps a route for workers whose machine has no database. */
export function withWorkerAuth(handler: (call: AuthorizedCall) => Promise<Response> | Response): Route {
  return withProgramAuth(handler, 'worker');
}

/** Roles of programs, which count with a token only. */
type ProgramRole = 'bot' | 'worker';

/** For tokens of one role, and for admins, who may do everything. */
function withProgramAuth(handler: (call: AuthorizedCall) => Promise<Response> | Response, role: ProgramRole): Route {
  return openRoute(async (call) => {
    const account = await authenticate(call.request, call.context);
    const isProgram = account.role === role && account.by === 'token';
    if (isProgram || account.role === 'admin') return handler({ ...call, account });
    throw new ApiError('forbidden', `This needs a token of the role "${role}"; your role is "${account.role}".`);
  });
}

/** Wraps a route that anybody may call; errors are answered like everywhere. */
export function openRoute(handler: (call: ApiCall) => Promise<Response> | Response): Route {
  return async (request, route) => {
    const context = serverContext();
    try {
      const params = singleParams(await route.params);
      return await handler({ request, query: new URL(request.url).searchParams, params, context });
    } catch (error) {
      return respondError(error, context.logger);
    }
  };
}

function singleParams(params: Record<string, string | string[] | undefined> = {}): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : value]),
  );
}
