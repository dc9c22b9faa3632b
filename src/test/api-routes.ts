import { globSync } from 'node:fs';
import path from 'node:path';

type RouteHandler = (
  request: Request,
  route: { params: Promise<Record<string, string | string[] | undefined>> },
) => Promise<Response>;

/** One handler of one route file. */
export interface ApiRoute {
  method: string;
  /** With the framework's brackets, such as "/api/sessions/[id]". */
  path: string;
  handler: RouteHandler;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const APP_FOLDER = path.resolve(import.meta.dirname, '../app');

/** Every handler that there is under src/app, found on disk, so that a new route cannot be forgotten. */
export async function findApiRoutes(): Promise<ApiRoute[]> {
  const files = globSync('**/route.ts', { cwd: APP_FOLDER }).sort();
  const found = await Promise.all(
    files.map(async (file) => {
      const module: Record<string, unknown> = await import(path.join(APP_FOLDER, file));
      return METHODS.filter((method) => typeof module[method] === 'function').map((method) => ({
        method,
        path: `/${path.dirname(file)}`,
        handler: module[method] as RouteHandler,
      }));
    }),
  );
  return found.flat();
}

/** The params the framework would pass for a path with this id. */
export function routeParams(id = '1'): { params: Promise<Record<string, string | string[]>> } {
  return { params: Promise.resolve({ id, signature: 'a'.repeat(64), path: ['nowhere'] }) };
}
