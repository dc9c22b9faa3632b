import { afterAll, expect, it } from 'vitest';
import { createFetchBed, newSession } from '#test/fetch-bed.ts';
import { BOMBS, ENCODING_LIES, ENDLESS_BODIES, LENGTH_LIES } from '#test/hostile-bodies.ts';
import { OTHER_PROTOCOLS, REDIRECTS, STRANGE_HEADERS } from '#test/hostile-heads.ts';
import { type Behaviour, type HostileRow, sayWhole, startHostileServer } from '#test/hostile-server.ts';
import { EARLY_ENDS, SLOW_ANSWERS, SLOW_FROM_MS, UNREAD_FORMS } from '#test/hostile-timing.ts';
import type { FetchFailure } from './http-outcome.ts';
import { pageErrorOf } from './page-error.ts';
import { resultOf } from './page-result.ts';

const KIB = 1024;
const LIMITS = {
  wireBytesMax: 512 * KIB,
  decodedBytesMax: 1024 * KIB,
  rateBytesPerSecondMin: KIB,
  rateFromMs: SLOW_FROM_MS,
};
const ROWS = [
  SLOW_ANSWERS,
  ENDLESS_BODIES,
  BOMBS,
  ENCODING_LIES,
  LENGTH_LIES,
  EARLY_ENDS,
  OTHER_PROTOCOLS,
  STRANGE_HEADERS,
  REDIRECTS,
  UNREAD_FORMS,
].flat();
/** Rows under way at once, as a worker has sessions. */
const LANES = 4;

const bed = createFetchBed();
afterAll(() => bed.close());

/** The site has no robots.txt; only its pages are hostile. */
function behindNoRules(behave: Behaviour): Behaviour {
  const noRules = sayWhole([], Buffer.alloc(0), '404 Not Found');
  return (socket, request) => (request.startsWith('GET /robots.txt') ? noRules : behave)(socket, request);
}

/** What the row's outcome has to come to for a scraper: "page", or the code of an error. */
function expectedOf({ result }: HostileRow): string {
  const status = /^status (\d+): /.exec(result)?.[1];
  const outcome =
    status === undefined
      ? { kind: 'failed' as const, failure: result as FetchFailure, message: result, wireBytes: 0, durationMs: 1 }
      : {
          kind: 'response' as const,
          status: Number(status),
          headers: {},
          body: Buffer.alloc(0),
          wireBytes: 0,
          durationMs: 1,
        };
  const judged = resultOf(outcome, new Date());
  if (judged.kind === 'done') return 'page';
  // Where they lead is another row's business, if it may be asked at all.
  if (judged.kind === 'redirect') return 'address_refused|request_refused|page';
  return pageErrorOf(judged, new URL('http://example.com/'), {}).code;
}

async function comesTo(row: HostileRow): Promise<string> {
  const server = await startHostileServer(behindNoRules(row.behave));
  const { timeoutMs = 15_000, postBytes = 0 } = row;
  const session = newSession({ rateLimit: 1, maxRetries: 0, timeout: timeoutMs });
  const fetcher = bed.newFetcher([server], { limits: LIMITS, patience: { refusedMs: 1, layoutMs: 1 } });
  const startedAt = performance.now();
  try {
    const options = postBytes > 0 ? { form: { field: 'x'.repeat(postBytes) } } : {};
    const asked = fetcher.fetchPage(server.url.href, options, session);
    const came = await asked.then(
      () => 'page',
      (error) => String(error.code ?? error),
    );
    const tookMs = performance.now() - startedAt;
    return tookMs < timeoutMs + 10_000 ? came : `${came} after ${Math.round(tookMs)} ms`;
  } finally {
    await fetcher.close();
    await server.close();
  }
}

it('gives every hostile server its own answer through the whole stack, and no page that is none', async () => {
  const wrong: string[] = [];
  const waiting = ROWS.values();
  const lane = async () => {
    for (const row of waiting) {
      const came = await comesTo(row);
      if (!expectedOf(row).split('|').includes(came)) wrong.push(`${row.does}: ${came}, not ${expectedOf(row)}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  expect(wrong).toEqual([]);
  expect(ROWS.length).toBeGreaterThanOrEqual(60);
}, 120_000);
