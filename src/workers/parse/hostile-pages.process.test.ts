import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { type HostilePage, listHostilePages } from '#test/hostile-pages.ts';
import { scriptedParser } from '#test/scripted-parser.ts';
import { waitFor } from '#test/wait-for.ts';
import { ParsePool } from './parse-pool.ts';

const PAGES = listHostilePages();
/** The slowest page within the limits takes 2 s on a quiet machine; here the limits are to refuse, not the time. */
const DEADLINE_MS = 20_000;
/** A worker that is silent for 6 s is looked at; a busy machine costs every process something. */
const LAG_MAX_MS = 6_000;
const MIB = 1_048_576;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const pool = new ParsePool({ deadlineMs: DEADLINE_MS, threadsMax: 2 });
const lag = monitorEventLoopDelay({ resolution: 10 });
let rssBefore = 0;

/** The heap grows once to what the largest page needs; what counts is what later pages leave behind. */
beforeAll(async () => {
  await outcomesOf('parse5');
  collectGarbage();
  rssBefore = process.memoryUsage.rss();
  lag.enable();
});
afterAll(() => pool.close());

/** "parsed", or the code of what was refused, with its limit. */
async function outcomeOf(hostile: HostilePage, htmlParser: 'slim' | 'parse5'): Promise<string> {
  const signal = new AbortController().signal;
  try {
    await pool.parse(pageOf(hostile), scriptedParser, { do: 'outline' }, { htmlParser, signal });
    return 'parsed';
  } catch (error) {
    const { code, context, message } = error as { code?: string; context?: { limit?: string }; message: string };
    if (code === 'unusable_body') return code;
    return code === 'parse_limit' ? `${code} ${context?.limit}` : `${code}: ${message}`;
  }
}

function pageOf({ build }: HostilePage): FetchedPage {
  const text = build();
  const url = 'https://example.com/hostile';
  const fetchedAt = new Date();
  return {
    url,
    finalUrl: url,
    status: 200,
    headers: {},
    text,
    notModified: false,
    bytes: text.length,
    durationMs: 1,
    fetchedAt,
  };
}

/** Runs all pages, four at once: as many as a worker has sessions. */
async function outcomesOf(htmlParser: 'slim' | 'parse5'): Promise<Map<string, string>> {
  const outcomes = new Map<string, string>();
  const waiting = PAGES.values();
  const lane = async () => {
    for (const page of waiting) outcomes.set(page.name, await outcomeOf(page, htmlParser));
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return outcomes;
}

describe(`${PAGES.length} hostile pages`, () => {
  it('are more than 200, each of its own name', () => {
    expect(new Set(PAGES.map(({ name }) => name)).size).toBe(PAGES.length);
    expect(PAGES.length).toBeGreaterThanOrEqual(200);
  });

  // Never for the memory that they take: V8 may end the whole process where a thread comes to its limit.
  it.each(['slim', 'parse5'] as const)('are each parsed or refused, with %s', async (htmlParser) => {
    const outcomes = await outcomesOf(htmlParser);
    expect(outcomes.size).toBe(PAGES.length);
    const others = [...outcomes].filter(
      ([, outcome]) => !/^(?:parsed|unusable_body|parse_limit (?!heapMb).*)$/.test(outcome),
    );
    expect(others).toEqual([]);
    const wanted = PAGES.filter(({ limit }) => limit !== undefined);
    expect(wanted.map(({ name }) => [name, outcomes.get(name)])).toEqual(
      wanted.map(({ name, limit }) => [name, `parse_limit ${limit}`]),
    );
  });

  it('hold up neither the main thread nor the pages of others', async () => {
    expect(lag.max / 1e6).toBeLessThan(LAG_MAX_MS);
    expect(await outcomeOf({ name: 'after all', build: () => '<p>x' }, 'slim')).toBe('parsed');
  });

  it('leave no memory behind', async () => {
    await pool.close();
    const grownMib = () => {
      collectGarbage();
      return (process.memoryUsage.rss() - rssBefore) / MIB;
    };
    await waitFor(() => grownMib() < 64, { timeoutMs: 20_000, intervalMs: 500, what: 'the memory to be given back' });
  });
});
