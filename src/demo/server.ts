import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answerOf, failureOf } from './answers.ts';
import { DailyRows } from './daily-rows.ts';
import { type Fault, type FaultInput, FaultPlan, faultSchema } from './faults.ts';
import { type DemoRow, PUBLISHERS, type Publisher } from './publishers.ts';

export interface DemoServerOptions {
  host?: string;
  /** 0 for a free one. */
  port?: number;
  /** The same seed gives the same people. */
  seed?: number;
  /** Rows over all publishers. */
  rows?: number;
  /** The day that the data reaches up to, for ever; else it is today, and a server that runs on gets new rows every day. */
  now?: Date;
}

interface DemoRequest {
  at: Date;
  url: string;
  status: number;
}

export interface DemoServer {
  origin: string;
  /** The last requests, oldest first, at most 10,000. */
  requests: readonly DemoRequest[];
  /** Rows of each publisher today, by slug. */
  readonly rows: Readonly<Record<string, readonly DemoRow[]>>;
  setFault(fault: FaultInput): void;
  clearFaults(): void;
  close(): Promise<void>;
}

const MAX_REQUESTS_KEPT = 10_000;
const MAX_BODY_BYTES = 64 * 1024;

const ROBOTS = ['User-agent: *', 'Allow: /', 'Disallow: /private/', ''].join('\n');

const INDEX_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo permit publishers</title>
<h1>Demo permit publishers</h1>
<p>Generated permits of generated people, served in the dialects of Socrata, ArcGIS and CKAN. Nobody here exists.</p>
<p>POST /_demo/faults {"publisher": "*", "kind": "throttle", "requests": 3} makes the next requests fail; DELETE ends that.</p>
`;

/**
 * A real HTTP server that speaks all three dialects with generated data, for a first look without internet and for tests.
 * @throws the listen error, such as EADDRINUSE.
 */
export async function startDemoServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const total = options.rows ?? 3_000;
  const data = new DailyRows(total, options.seed ?? 2026, options.now);
  const faults = new FaultPlan();
  const requests: DemoRequest[] = [];
  const server = createServer((request, response) => {
    response.on('finish', () => {
      requests.push({ at: new Date(), url: request.url ?? '', status: response.statusCode });
      if (requests.length > MAX_REQUESTS_KEPT) requests.shift();
    });
    handle(request, response, data.today(), faults).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    origin: `http://${address}:${port}`,
    requests,
    get rows() {
      return data.today();
    },
    setFault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  rows: DemoServer['rows'],
  faults: FaultPlan,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://demo.invalid');
  if (url.pathname === '/robots.txt') return send(response, 200, ROBOTS, 'text/plain');
  if (url.pathname === '/') return send(response, 200, INDEX_PAGE, 'text/html');
  const body = request.method === 'POST' ? await readBody(request) : '';
  if (url.pathname === '/_demo/faults') return handleFaults(request.method ?? 'GET', body, response, faults);
  for (const [name, value] of new URLSearchParams(body)) url.searchParams.set(name, value);
  const publisher = findPublisher(url);
  if (!publisher) return send(response, 404, '{"message":"Not found"}', 'application/json');
  await answerData(publisher, rows[publisher.slug] ?? [], url, response, faults.take(publisher.slug));
}

async function answerData(
  publisher: Publisher,
  rows: readonly DemoRow[],
  url: URL,
  response: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  if (fault?.kind === 'drop') return void response.destroy();
  if (fault?.kind === 'throttle') {
    response.setHeader('retry-after', String(fault.retryAfterSeconds));
    return sendJson(response, 429, failureOf(publisher, 429, 'Too many requests', false).body);
  }
  if (fault?.kind === 'error' || fault?.kind === 'error-in-body') {
    const failure = failureOf(publisher, 500, 'Something broke (demo)', fault.kind === 'error-in-body');
    return sendJson(response, failure.status, failure.body);
  }
  if (fault?.kind === 'slow') await wait(fault.delayMs);
  // A redesign: still JSON, still status 200, and nothing of what was there before.
  if (fault?.kind === 'layout-change') return sendJson(response, 200, { version: 2, entries: [], links: {} });
  const answer = answerOf(publisher, rows, url.pathname, url.searchParams);
  sendJson(response, answer.status, answer.body);
}

function findPublisher(url: URL): Publisher | undefined {
  return PUBLISHERS.find((publisher) => {
    switch (publisher.kind) {
      case 'arcgis':
        return url.pathname.startsWith(`/arcgis/rest/services/${publisher.slug}/`);
      case 'socrata':
        return url.pathname === `/resource/${publisher.slug}.json`;
      case 'ckan':
        return (
          url.pathname === '/api/3/action/datastore_search' && url.searchParams.get('resource_id') === publisher.slug
        );
    }
    return false;
  });
}

function handleFaults(method: string, body: string, response: ServerResponse, faults: FaultPlan): void {
  if (method === 'DELETE') faults.clear();
  if (method === 'POST') {
    const parsed = faultSchema.safeParse(tryParse(body));
    if (parsed.success) faults.add(parsed.data);
    else {
      sendJson(response, 400, { problems: parsed.error.issues.map((issue) => issue.message) });
      return;
    }
  }
  sendJson(response, 200, { faults: faults.list() });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('The body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, JSON.stringify(body), 'application/json');
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
  response.end(body);
}
