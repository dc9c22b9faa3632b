// One side of the page bench, in a process of its own: told {pages} it reads so many and answers with a Round.
// Arguments: stack ("bare", "fetch", "pool", "local", "pg"), origin, requests at once, and for "pg" a connection string.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { load } from 'cheerio/slim';
import { Agent, request } from 'undici';
import { createDb } from '#lib/db/create-db.ts';
import { createLogger } from '#lib/logger.ts';
import { scraperConfigSchema } from '#lib/scraper-config.ts';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import type { FetchSession } from '#workers/fetch/fetch-session.ts';
import { LocalHostPacer } from '#workers/fetch/host-pacer-local.ts';
import { SharedHostPacer } from '#workers/fetch/host-pacer-shared.ts';
import { createPageFetcher } from '#workers/fetch/page-fetcher.ts';
import { LocalRobotsStore, PgRobotsStore } from '#workers/fetch/robots-store.ts';
import { PgSlotStore } from '#workers/fetch/slot-store.ts';
import { ParsePool } from '#workers/parse/parse-pool.ts';
import { listingParser } from './page-pipeline.parser.ts';

/** What one round cost this process. */
export interface Round {
  pages: number;
  ms: number;
  /** User and system time of all threads. */
  cpuMs: number;
  rssMb: number;
  lagMsP50: number;
  lagMsP99: number;
  /** Of the event loop itself: what is left for other sessions of the worker. */
  mainCpuMs: number;
}

type ReadPage = (url: string) => Promise<readonly unknown[]>;

const CARDS = 46;
const [stack = 'bare', origin = '', atOnceText = '8', connectionString = ''] = process.argv.slice(2);
const atOnce = Number(atOnceText);
const readPage = chooseStack();
let asked = 0;

process.on('message', ({ pages }: { pages: number }) => {
  void runRound(pages).then((round) => process.send?.(round));
});
process.once('disconnect', () => process.exit(0));

async function runRound(pages: number): Promise<Round> {
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const [cpu, mainCpu, startedMs] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  let left = pages;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      asked += 1;
      const cards = await readPage(`${origin}/list/${asked}`);
      if (cards.length !== CARDS) throw new Error(`A page gave ${cards.length} cards`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const [used, mainUsed] = [process.cpuUsage(cpu), process.threadCpuUsage(mainCpu)];
  lag.disable();
  return {
    pages,
    ms: performance.now() - startedMs,
    cpuMs: (used.user + used.system) / 1_000,
    mainCpuMs: (mainUsed.user + mainUsed.system) / 1_000,
    rssMb: process.memoryUsage.rss() / 1_048_576,
    lagMsP50: lag.percentile(50) / 1e6,
    lagMsP99: lag.percentile(99) / 1e6,
  };
}

function chooseStack(): ReadPage {
  if (stack === 'bare') return readBare();
  if (stack === 'pool') return readBareWithPool();
  return readWithEverything();
}

/** What anybody would write: one agent, the body as text, the tree, the selectors. */
function readBare(): ReadPage {
  const getText = bareClient();
  return async (url) => parseInPlace(await getText(url), url);
}

/** The bare client with our parser threads, to see what they alone cost. */
function readBareWithPool(): ReadPage {
  const getText = bareClient();
  const parse = parseInThread();
  return async (url) => {
    const text = await getText(url);
    return await parse({ url, finalUrl: url, text } as FetchedPage);
  };
}

/** The whole stack; "fetch" is it without the threads. */
function readWithEverything(): ReadPage {
  const { hostname, port } = new URL(origin);
  const db = stack === 'pg' ? createDb({ connectionString, applicationName: 'eko-bench', max: 4 }) : null;
  const fetcher = createPageFetcher({
    pacer: db
      ? new SharedHostPacer({ slots: new PgSlotStore(db), onUnwritten: (error) => console.error(error) })
      : new LocalHostPacer(),
    robots: db ? new PgRobotsStore(db) : new LocalRobotsStore(),
    userAgent: 'EkoLeadBot/0.1 (+bench)',
    logger: createLogger('bench', 'warn'),
    allowAddresses: [`${hostname}:${port}`],
  });
  const session: FetchSession = {
    source: 'bench',
    workerId: 'bench',
    sessionId: null,
    config: scraperConfigSchema.parse({ rateLimit: 0, maxInflight: Math.min(20, atOnce) }),
    signal: new AbortController().signal,
    stats: { requestsMade: 0, requestsFailed: 0, bytesReceived: 0 },
    log: () => {},
    recordRequest: () => {},
    noteHost: () => {},
    noteRead: () => {},
  };
  const options = { expect: { results: ['class="card"'] } };
  const parse = stack === 'fetch' ? null : parseInThread();
  return async (url) => {
    const page = await fetcher.fetchPage(url, options, session);
    return parse === null ? parseInPlace(page.text, url) : await parse(page);
  };
}

function bareClient(): (url: string) => Promise<string> {
  const dispatcher = new Agent({ connections: atOnce, keepAliveTimeout: 30_000 });
  return async (url) => {
    const { statusCode, body } = await request(url, { dispatcher });
    if (statusCode !== 200) throw new Error(`Status ${statusCode}`);
    return await body.text();
  };
}

function parseInPlace(text: string, url: string): readonly unknown[] {
  return listingParser.parse({ $: load(text), url, finalUrl: url }, undefined);
}

function parseInThread(): (page: FetchedPage) => Promise<readonly unknown[]> {
  const pool = new ParsePool();
  const { signal } = new AbortController();
  return (page) => pool.parse(page, listingParser, undefined, { htmlParser: 'slim', signal });
}
