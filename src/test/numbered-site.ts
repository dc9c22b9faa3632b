import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site whose pages are JSON: /page/N holds two rows, told apart by page and location. */
export interface NumberedSite {
  origin: string;
  /** `host:port`, for EKO_ALLOW_ADDRESSES. */
  address: string;
  /** The pages asked for, robots.txt left out, in order. */
  requests: { path: string; atMs: number }[];
  close(): Promise<void>;
}

/** Starts the site on a free port; each answer takes `answerMs`. */
export async function startNumberedSite(answerMs = 30): Promise<NumberedSite> {
  const requests: NumberedSite['requests'] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site');
    const page = /^\/page\/(\d+)$/.exec(url.pathname)?.[1];
    if (!page) {
      response.writeHead(404).end();
      return;
    }
    requests.push({ path: url.pathname, atMs: performance.now() });
    const location = url.searchParams.get('location') ?? '';
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify([`${location}-${page}-a`, `${location}-${page}-b`]));
    }, answerMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${address}`,
    address,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
