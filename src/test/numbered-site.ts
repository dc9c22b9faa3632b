import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site whose pages are JSON: /page/N holds two rows, told apart by page and location. */
export interface NumberedSite {
  origin: string;
  /** `host:port`, for EKO_ALLOW_ADDRESSES. */
  address: string;
  /** The pages asked for, robots.txt left out, in order. This process may have stood still when one came: up to `lateMs` before `atMs`. */
  requests: { path: string; atMs: number; lateMs: number }[];
  /** From now on a page with this number or a higher one gets its answer only at the release. */
  holdFrom(page: number): void;
  release(): void;
  close(): Promise<void>;
}

/** How often it is noted that this process does not stand still. */
const TICK_MS = 5;

/** Starts the site on a free port; each answer takes `answerMs`. */
export async function startNumberedSite(answerMs = 30): Promise<NumberedSite> {
  const requests: NumberedSite['requests'] = [];
  const held: (() => void)[] = [];
  let heldFrom = Number.POSITIVE_INFINITY;
  let ticks = [performance.now(), performance.now()];
  const ticker = setInterval(() => {
    ticks = [...ticks.slice(1), performance.now()];
  }, TICK_MS);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site');
    const page = /^\/page\/(\d+)$/.exec(url.pathname)?.[1];
    if (!page) {
      response.writeHead(404).end();
      return;
    }
    const atMs = performance.now();
    // The last tick may have come after the request, right before this.
    const lateMs = Math.max(0, atMs - (ticks[0] ?? atMs) - TICK_MS);
    requests.push({ path: url.pathname, atMs, lateMs });
    const location = url.searchParams.get('location') ?? '';
    const answer = () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify([`${location}-${page}-a`, `${location}-${page}-b`]));
    };
    if (Number(page) >= heldFrom) held.push(answer);
    else setTimeout(answer, answerMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${address}`,
    address,
    requests,
    holdFrom(page) {
      heldFrom = page;
    },
    release() {
      heldFrom = Number.POSITIVE_INFINITY;
      for (const answer of held.splice(0)) answer();
    },
    async close() {
      clearInterval(ticker);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
