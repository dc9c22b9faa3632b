import { createAnswerer } from './api-server.ts';
import { apiRequest } from './server-context.ts';

export interface BotAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Calls of the API by their paths, through the route handlers of this process; as admin unless a token is given. */
export interface ApiCaller {
  post(path: string, json: unknown, token?: string): Promise<BotAnswer>;
  get(path: string, token?: string): Promise<BotAnswer>;
  delete(path: string, token?: string): Promise<BotAnswer>;
}

export async function createApiCaller(): Promise<ApiCaller> {
  const answer = await createAnswerer();
  const call = async (method: string, path: string, token: string | undefined, json?: unknown): Promise<BotAnswer> => {
    const init = { method, json, ...(token === undefined ? {} : { token }) };
    const response = await answer(apiRequest(path, init));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return {
    post: (path, json, token) => call('POST', path, token, json),
    get: (path, token) => call('GET', path, token),
    delete: (path, token) => call('DELETE', path, token),
  };
}
