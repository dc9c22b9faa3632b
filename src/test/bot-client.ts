import { findApiRoutes } from './api-routes.ts';
import { apiRequest } from './server-context.ts';

export interface BotAnswer {
  status: number;
  // Each test says what it expects of the body.
  body: Record<string, unknown>;
}

/** Calls of the API by the paths that bots use, through the route handlers of this process. */
export interface ApiCaller {
  post(path: string, json: unknown, token?: string): Promise<BotAnswer>;
  get(path: string, token?: string): Promise<BotAnswer>;
  delete(path: string, token?: string): Promise<BotAnswer>;
}

/** What the framework does with a path: finds the route file and its dynamic parts. */
export async function createApiCaller(): Promise<ApiCaller> {
  const found = (await findApiRoutes()).map((route) => ({ ...route, pattern: patternOf(route.path) }));
  const routes = found.sort((one, other) => looseness(one.path) - looseness(other.path));
  const call = async (method: string, path: string, init: Parameters<typeof apiRequest>[1]): Promise<BotAnswer> => {
    const { pathname } = new URL(path, 'http://localhost');
    const match = routes.find((route) => route.method === method && route.pattern.test(pathname));
    if (!match) throw new Error(`There is no route ${method} ${pathname}.`);
    const params = match.pattern.exec(pathname)?.groups ?? {};
    const response = await match.handler(apiRequest(path, { method, ...init }), { params: Promise.resolve(params) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const as = (token: string | undefined) => (token === undefined ? {} : { token });
  return {
    post: (path, json, token) => call('POST', path, { json, ...as(token) }),
    get: (path, token) => call('GET', path, as(token)),
    delete: (path, token) => call('DELETE', path, as(token)),
  };
}

/** Fixed names are looked at before dynamic ones, and those before what takes every path. */
function looseness(path: string): number {
  return path.includes('[...') ? 100 : path.split('[').length;
}

/** "/api/sessions/[id]/start" as the expression for its paths. */
function patternOf(path: string): RegExp {
  const parts = path
    .split('/')
    .map((part) => part.replace(/^\[\.\.\.(\w+)\]$/, '(?<$1>.+)').replace(/^\[(\w+)\]$/, '(?<$1>[^/]+)'));
  return new RegExp(`^${parts.join('/')}$`);
}
