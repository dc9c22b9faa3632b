import { HttpClient } from '#workers/fetch/http-client.ts';
import { SLOW_FROM_MS } from './hostile-timing.ts';

/** What the parent process sends to this one, which it forks. */
export interface HostileErrand {
  /** A server that plays by the rules. */
  goodUrl: string;
  rows: { url: string; timeoutMs: number; postBytes: number }[];
}

export interface HostileReport {
  outcomes: number;
  /** Growth of this process's resident memory over all rows. */
  grownBytes: number;
}

const KIB = 1024;
const GOOD_PAGES = 300;
const never = new AbortController().signal;

/** Asks every server once with one client, in a process of its own, so that nothing but the client takes memory. */
async function ask({ goodUrl, rows }: HostileErrand): Promise<HostileReport> {
  const client = new HttpClient({
    userAgent: 'EkoLeadBot/0.1',
    allow: [goodUrl, ...rows.map(({ url }) => url)].map((url) => new URL(url).host),
    limits: { wireBytesMax: 512 * KIB, decodedBytesMax: 1024 * KIB, rateFromMs: SLOW_FROM_MS },
  });
  const send = (url: string, timeoutMs: number, postBytes = 0) => {
    const body = postBytes > 0 ? { method: 'POST' as const, body: 'x'.repeat(postBytes) } : { method: 'GET' as const };
    return client.send({ url: new URL(url), headers: {}, timeoutMs, ...body }, never);
  };
  // What it takes to read well-behaved pages at full speed is no growth.
  for (let count = 0; count < GOOD_PAGES; count += 1) await send(goodUrl, 10_000);
  const before = process.memoryUsage().rss;
  let outcomes = 0;
  for (const { url, timeoutMs, postBytes } of rows) {
    await send(url, timeoutMs, postBytes);
    outcomes += 1;
  }
  const grownBytes = process.memoryUsage().rss - before;
  await client.close();
  return { outcomes, grownBytes };
}

process.once('message', async (errand: HostileErrand) => {
  process.send?.(await ask(errand));
  process.disconnect();
});
