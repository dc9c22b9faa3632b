import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findApiRoutes } from './api-routes.ts';

/** Answers a request of the API by its route handler, as the framework would. */
export type AnswerRequest = (request: Request) => Promise<Response>;

/** @throws Error for a path without a route, which is a mistake of the test. */
export async function createAnswerer(): Promise<AnswerRequest> {
  const found = (await findApiRoutes()).map((route) => ({ ...route, pattern: patternOf(route.path) }));
  const routes = found.sort((one, other) => looseness(one.path) - looseness(other.path));
  return async (request) => {
    const { pathname } = new URL(request.url);
    const match = routes.find((route) => route.method === request.method && route.pattern.test(pathname));
    if (!match) throw new Error(`There is no route ${request.method} ${pathname}.`);
    return await match.handler(request, { params: Promise.resolve(match.pattern.exec(pathname)?.groups ?? {}) });
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

export interface ApiServer {
  port: number;
  origin: string;
  /** Ends all connections at once. */
  close(): Promise<void>;
  /** Takes no connection any more and waits for the answers under way, as the framework does when it is told to stop. */
  drain(): Promise<void>;
}

export interface ApiServerOptions {
  /** Whether the answer to a request gets lost: all that it asked for is done, and its connection breaks. */
  losesAnswer?: (path: string) => boolean;
}

/** The API on a free port of 127.0.0.1, for programs that speak to it over a real socket. */
export async function startApiServer({ losesAnswer = () => false }: ApiServerOptions = {}): Promise<ApiServer> {
  const answer = await createAnswerer();
  const server = createServer((message, response) => {
    void pass(answer, message, response, losesAnswer).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    drain: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function pass(
  answer: AnswerRequest,
  message: IncomingMessage,
  response: ServerResponse,
  losesAnswer: (path: string) => boolean,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  const given = await answer(
    new Request(`http://${message.headers.host ?? 'localhost'}${message.url ?? '/'}`, {
      method: message.method ?? 'GET',
      headers: Object.entries(message.headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 ? { body } : {}),
      signal: leaving.signal,
    }),
  );
  if (losesAnswer(message.url ?? '/')) return void response.destroy();
  response.writeHead(given.status, Object.fromEntries(given.headers)).flushHeaders();
  for await (const chunk of given.body ?? []) response.write(chunk);
  response.end();
}
