import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface AskedRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** performance.now() when the request arrived. */
  at: number;
}

/** Answers one path. `count` is how often it was asked before. */
export type FixtureRoute = (request: AskedRequest, response: ServerResponse, count: number) => void;

export interface FixtureSite {
  origin: string;
  /** `host:port`, as an allow list wants it. */
  host: string;
  asked: AskedRequest[];
  /** The paths asked for, robots.txt included. */
  paths(): string[];
  close(): Promise<void>;
}

/** A small real HTTP server on a free port of 127.0.0.1; paths without a route answer 404. Keys may end in `*`. */
export async function startFixtureSite(routes: Record<string, FixtureRoute>): Promise<FixtureSite> {
  const asked: AskedRequest[] = [];
  const listener: RequestListener = (message, response) => {
    const at = performance.now();
    let body = '';
    message.on('data', (chunk) => {
      body += chunk;
    });
    message.on('end', () => {
      const url = message.url ?? '';
      const path = url.split('?')[0] ?? '';
      const request = { method: message.method ?? '', url, headers: message.headers, body, at };
      const count = asked.filter((other) => other.url.split('?')[0] === path).length;
      asked.push(request);
      const route = routes[path] ?? Object.entries(routes).find(([key]) => matchesKey(key, path))?.[1];
      if (route) route(request, response, count);
      else response.writeHead(404).end();
    });
  };
  // Idle connections stay open as long as the other side likes, however slow the machine.
  const server = createServer({ keepAliveTimeout: 120_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    asked,
    paths: () => asked.map((request) => request.url),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function matchesKey(key: string, path: string): boolean {
  return key.endsWith('*') && path.startsWith(key.slice(0, -1));
}
