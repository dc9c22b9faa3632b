import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { CancelledError, type ShutdownError } from '#lib/errors.ts';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { type ParserScript, scriptedParser, titleParser } from '#test/scripted-parser.ts';
import { waitFor } from '#test/wait-for.ts';
import { ParsePool, type ParsePoolOptions } from './parse-pool.ts';

// Threads start from the source here, which takes a busy machine seconds.
vi.setConfig({ testTimeout: 60_000 });

/** For tests that change nothing of it; a start per test would be most of their time. */
const shared = new ParsePool({ threadsMax: 1 });
const pools: ParsePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => shared.close());

function makePool(options: ParsePoolOptions = {}): ParsePool {
  const pool = new ParsePool(options);
  pools.push(pool);
  return pool;
}

function pageOf(text: string, url = 'https://example.com/list'): FetchedPage {
  const bytes = Buffer.byteLength(text);
  const fetchedAt = new Date();
  return { url, finalUrl: url, status: 200, headers: {}, text, notModified: false, bytes, durationMs: 1, fetchedAt };
}

const SMALL = pageOf('<title>List &amp; more</title><ul><li><a href="/1">one</a><li><a href="2?p=1">two</a></ul>');

function run(
  pool: ParsePool,
  script: ParserScript,
  { page = SMALL, htmlParser = 'slim' as 'slim' | 'parse5', signal = new AbortController().signal } = {},
): Promise<unknown> {
  return pool.parse(page, scriptedParser, script, { htmlParser, signal });
}

describe('a pool of parser threads', () => {
  it('gives what the parser makes of a page, with either library', async () => {
    const outline = { title: 'List & more', lastLink: 'https://example.com/2?p=1' };
    expect(await run(shared, { do: 'outline' })).toMatchObject({ ...outline, elements: 6 });
    // parse5 adds html, head and body, as browsers do.
    expect(await run(shared, { do: 'outline' }, { htmlParser: 'parse5' })).toMatchObject({ ...outline, elements: 9 });
  });

  it('starts no thread before there is a page, and none that is not needed', async () => {
    const pool = makePool();
    expect(pool.threadCount).toBe(0);
    await run(pool, { do: 'outline' });
    await run(pool, { do: 'outline' });
    expect(pool.threadCount).toBe(1);
  });

  it('answers each of many callers with its own page', async () => {
    const titles = Array.from({ length: 200 }, (_, index) => `Page ${index}`);
    const signal = new AbortController().signal;
    const answers = titles.map((title) =>
      shared.parse(pageOf(`<title>${title}</title>`), titleParser, undefined, { htmlParser: 'slim', signal }),
    );
    expect(await Promise.all(answers)).toEqual(titles);
  });

  it('ends a thread that has nothing to do, and starts one again for the next page', async () => {
    const pool = makePool({ idleMs: 10 });
    await run(pool, { do: 'title' });
    await waitFor(() => pool.threadCount === 0, { what: 'the idle thread to end' });
    expect(await run(pool, { do: 'title' })).toBe('List & more');
  });

  it('replaces a thread after its share of pages, and loses none of them', async () => {
    const pool = makePool({ pagesMax: 3, threadsMax: 1 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => run(pool, { do: 'title' })));
    expect(answers).toEqual(Array.from({ length: 10 }, () => 'List & more'));
  });

  it('calls a second thread when one does not keep up', async () => {
    const pool = makePool();
    const answers = Promise.all(Array.from({ length: 8 }, () => run(pool, { do: 'wait', ms: 200 })));
    await waitFor(() => pool.threadCount === 2, { what: 'the second thread' });
    expect(await answers).toHaveLength(8);
    expect(pool.threadCount).toBe(2);
  });
});

describe('a page that is too much', () => {
  it('is stopped at the deadline, and those behind it are parsed', async () => {
    const pool = makePool({ deadlineMs: 3_000, threadsMax: 1 });
    const [endless, ...rest] = await Promise.allSettled([
      run(pool, { do: 'loop' }),
      run(pool, { do: 'title' }),
      run(pool, { do: 'title' }),
      run(pool, { do: 'title' }),
    ]);
    expect(endless).toMatchObject({
      reason: { code: 'parse_limit', context: { limit: 'deadlineMs', max: 3_000, url: SMALL.url } },
    });
    expect(rest.map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });

  it('is stopped when it takes too much memory, and those behind it are parsed', async () => {
    const pool = makePool({ heapMb: 32, deadlineMs: 30_000, threadsMax: 1 });
    const [hungry, next] = await Promise.allSettled([run(pool, { do: 'hoard' }), run(pool, { do: 'title' })]);
    expect(hungry).toMatchObject({ reason: { code: 'parse_limit', context: { limit: 'heapMb', max: 32 } } });
    expect(next).toMatchObject({ value: 'List & more' });
  });

  it('is refused before it is copied when it is too long', async () => {
    const pool = makePool();
    const page = pageOf('x'.repeat(10 * 1_048_576 + 1));
    await expect(run(pool, { do: 'outline' }, { page })).rejects.toMatchObject({
      code: 'parse_limit',
      disposition: 'skip-page',
      context: { limit: 'markupCharsMax', value: 10 * 1_048_576 + 1, max: 10 * 1_048_576, url: page.url },
    });
    expect(pool.threadCount).toBe(0);
  });

  it('is refused when its parser makes more of it than the main thread could read at once', async () => {
    await expect(run(shared, { do: 'return-much', characters: 5_000_000 })).rejects.toMatchObject({
      code: 'parse_limit',
      context: { limit: 'resultBytesMax' },
    });
  });

  it('does not hold up the main thread meanwhile', async () => {
    const pool = makePool({ deadlineMs: 4_000 });
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    await expect(run(pool, { do: 'loop' })).rejects.toMatchObject({ code: 'parse_limit' });
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan(3_000);
  });
});

describe('a parser that breaks', () => {
  it('is named with the page and its own stack', async () => {
    await expect(run(shared, { do: 'throw', message: 'no such field' })).rejects.toMatchObject({
      code: 'parse_failed',
      disposition: 'fail',
      context: { parser: 'test-scripted', url: SMALL.url, stack: expect.stringContaining('scripted-parser.ts') },
      cause: { name: 'TypeError', message: 'no such field' },
    });
  });

  it.each<ParserScript>([{ do: 'throw-nothing' }, { do: 'return-function' }, { do: 'recurse' }, { do: 'exit' }])(
    'fails alone: $do',
    async (script) => {
      const [broken, next] = await Promise.allSettled([run(shared, script), run(shared, { do: 'title' })]);
      expect(broken).toMatchObject({ reason: { code: 'parse_failed' } });
      expect(next).toMatchObject({ value: 'List & more' });
    },
  );

  it('costs at most the page after it when it leaves an error behind that nobody catches', async () => {
    await run(shared, { do: 'reject-later' }).catch(() => {});
    await run(shared, { do: 'title' }).catch(() => {});
    expect(await run(shared, { do: 'title' })).toBe('List & more');
  });

  it('may say that the layout has changed or that the page is gone', async () => {
    await expect(run(shared, { do: 'layout-changed' })).rejects.toMatchObject({
      name: 'LayoutChangedError',
      code: 'layout_changed',
      message: 'There is no list on this page',
      context: { looked: 'ul.results', url: SMALL.url, parser: 'test-scripted' },
    });
    await expect(run(shared, { do: 'page-gone' })).rejects.toMatchObject({ code: 'page_gone' });
  });

  it('sees no settings', async () => {
    process.env.EKO_TEST_SECRET = 'secret';
    expect(await run(shared, { do: 'settings' })).toEqual({});
    delete process.env.EKO_TEST_SECRET;
  });

  it('that is not to be found says how to register it', async () => {
    const lost = { ...titleParser, name: 'nobody' };
    const options = { htmlParser: 'slim', signal: new AbortController().signal } as const;
    await expect(shared.parse(SMALL, lost, undefined, options)).rejects.toThrow('exports no parser named "nobody"');
  });

  it('whose input is not plain data is told so, and nothing else suffers', async () => {
    const script = { do: 'title', extra: () => 1 } as ParserScript;
    await expect(run(shared, script)).rejects.toMatchObject({ code: 'parse_failed' });
    expect(await run(shared, { do: 'title' })).toBe('List & more');
  });
});

describe('a session that ends', () => {
  it('gets its reason at once, whether its page waits or is being parsed', async () => {
    const pool = makePool({ threadsMax: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const pages = Array.from({ length: 5 }, () => run(pool, { do: 'wait', ms: 500 }, { signal }));
    const reason = new CancelledError('The session was cancelled');
    const aborted = Promise.allSettled(pages);
    controller.abort(reason);
    expect((await aborted).map((answer) => 'reason' in answer && answer.reason)).toEqual(Array(5).fill(reason));
    expect(await run(pool, { do: 'title' })).toBe('List & more');
    await expect(run(pool, { do: 'title' }, { signal })).rejects.toBe(reason);
  });

  it('takes its pages with it when the worker stops', async () => {
    const pool = makePool({ threadsMax: 1 });
    const answers = Promise.allSettled(Array.from({ length: 4 }, () => run(pool, { do: 'wait', ms: 5_000 })));
    await pool.close();
    const codes = (await answers).map((answer) => 'reason' in answer && (answer.reason as ShutdownError).code);
    expect(codes).toEqual(Array(4).fill('shutdown'));
    await expect(run(pool, { do: 'title' })).rejects.toMatchObject({ disposition: 'interrupted' });
    expect(pool.threadCount).toBe(0);
  });
});
