import { afterEach, describe, expect, it } from 'vitest';
import { createFetchBed, inTurn, newSession, text } from '#test/fetch-bed.ts';
import type { FixtureRoute } from '#test/fixture-site.ts';
import { LocalRobotsStore } from './robots-store.ts';

const bed = createFetchBed();
const { startSite, newFetcher, fetchFrom } = bed;
afterEach(() => bed.close());

describe('fetchPage', () => {
  it('asks robots.txt once, then pages, with an honest name and the gap between all of them', async () => {
    const site = await startSite({ '/a': text('one'), '/b': text('two') });
    const fetcher = newFetcher([site]);
    const session = newSession({ rateLimit: 100 });
    const pages = await Promise.all(
      ['/a', '/b', '/a'].map((path) => fetcher.fetchPage(site.origin + path, {}, session)),
    );
    expect(pages.map((page) => page.text).sort()).toEqual(['one', 'one', 'two']);
    expect(site.paths()[0]).toBe('/robots.txt');
    expect(site.paths().filter((path) => path === '/robots.txt')).toHaveLength(1);
    const gaps = site.asked.slice(1).map((request, index) => request.at - (site.asked[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
    expect(site.asked[1]?.headers).toMatchObject({ 'user-agent': 'EkoLeadBot/0.1 (+https://example.com/bot)' });
    expect(session.stats).toMatchObject({ requestsMade: 4, requestsFailed: 0, bytesReceived: 9 });
  });

  it('tries again after a 500, an error in a 200 body, and a broken connection', async () => {
    const site = await startSite({
      '/500': inTurn(text('oops', 500), text('fine')),
      '/body': inTurn(text('{"error":"busy"}'), text('fine')),
      '/cut': inTurn((_request, response) => void response.destroy(), text('fine')),
      '/later': inTurn(text('', 202), text('fine')),
    });
    const inspectBody = (body: string) =>
      body.includes('error') ? { kind: 'retry' as const, reason: 'busy' } : { kind: 'ok' as const };
    for (const path of ['/500', '/body', '/cut', '/later']) {
      expect((await fetchFrom(site, path, { inspectBody })).result).toMatchObject({ text: 'fine', status: 200 });
    }
  });

  it('gives up when the tries are used up, with the status and the number of tries', async () => {
    const site = await startSite({ '/a': text('oops', 500) });
    const { result, session } = await fetchFrom(site, '/a');
    expect(result).toMatchObject({ code: 'network', context: { status: 500, tries: 3 } });
    expect(session.stats).toMatchObject({ requestsMade: 4, requestsFailed: 3 });
  });

  it.each([
    [404, 'page_gone'],
    [403, 'blocked'],
    [400, 'request_refused'],
  ])('asks once for a page with status %i', async (status, code) => {
    const site = await startSite({ '/a': text('', status) });
    expect((await fetchFrom(site, '/a')).result).toMatchObject({ code });
    expect(site.paths()).toEqual(['/robots.txt', '/a']);
  });

  it('waits as Retry-After says, in seconds or as a date, without using up tries', async () => {
    const date = (_request: unknown, response: Parameters<FixtureRoute>[1]) =>
      void response.writeHead(429, { 'retry-after': new Date(Date.now() + 2000).toUTCString() }).end();
    const site = await startSite({
      '/seconds': inTurn(text('', 429, { 'retry-after': '1' }), text('fine')),
      '/unavailable': inTurn(text('', 503, { 'retry-after': '1' }), text('fine')),
      '/date': inTurn(date, text('fine')),
    });
    for (const path of ['/seconds', '/unavailable', '/date']) {
      const { result } = await fetchFrom(site, path, {}, { maxRetries: 0 });
      expect(result).toMatchObject({ text: 'fine' });
    }
    const seconds = site.asked.filter((request) => request.url === '/seconds').map((request) => request.at);
    expect((seconds[1] ?? 0) - (seconds[0] ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it.each([202, 403, 408, 425, 500, 502, 504])('waits as Retry-After says with status %i, too', async (status) => {
    const site = await startSite({ '/a': inTurn(text('', status, { 'retry-after': '1' }), text('fine')) });
    const { result } = await fetchFrom(site, '/a', {}, { maxRetries: 0 });
    expect(result).toMatchObject({ text: 'fine' });
    const [, first, second] = site.asked.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it('follows a redirect when it says so, and gives up one that is far off', async () => {
    const site = await startSite({
      '/soon': text('', 303, { location: '/there', 'retry-after': '1' }),
      '/late': text('', 303, { location: '/there', 'retry-after': '3600' }),
      '/there': text('fine'),
    });
    expect((await fetchFrom(site, '/soon')).result).toMatchObject({ text: 'fine' });
    const [, asked, followed] = site.asked.map(({ at }) => at);
    expect((followed ?? 0) - (asked ?? 0)).toBeGreaterThanOrEqual(1000);
    const { result } = await fetchFrom(site, '/late');
    expect(result).toMatchObject({ code: 'request_refused', message: expect.stringContaining('3600 s') });
    expect(site.paths().at(-1)).toBe('/late');
  });

  it('sends the session to sleep for a long Retry-After, and holds the host back for others too', async () => {
    const site = await startSite({ '/a': text('', 429, { 'retry-after': '120' }), '/b': text('b') });
    const fetcher = newFetcher([site]);
    const ask = (path: string) => fetcher.fetchPage(site.origin + path, {}, newSession()).catch((error) => error);
    expect(await ask('/a')).toMatchObject({ code: 'throttled', retryAfterMs: 120_000 });
    expect(await ask('/b')).toMatchObject({ code: 'host_not_ready', retryAfterMs: expect.closeTo(120_000, -4) });
    expect(site.paths()).toEqual(['/robots.txt', '/a']);
  });

  it('takes a body that says "too many requests" like 429, and a refusal as final', async () => {
    const site = await startSite({ '/a': text('slow down'), '/b': text('no such field') });
    const slow = await fetchFrom(site, '/a', {
      inspectBody: () => ({ kind: 'throttled', reason: 'quota', retryAfterMs: 60_000 }),
    });
    expect(slow.result).toMatchObject({ code: 'throttled', retryAfterMs: 60_000 });
    const refused = await fetchFrom(site, '/b', { inspectBody: () => ({ kind: 'refused', reason: 'no such field' }) });
    expect(refused.result).toMatchObject({
      code: 'request_refused',
      message: expect.stringContaining('no such field'),
    });
  });

  it('sends forms', async () => {
    const site = await startSite({
      '/form': (request, response) => void response.end(`${request.method} ${request.body}`),
    });
    const { result } = await fetchFrom(site, '/form', { form: { where: '1=1', f: 'json' } });
    expect(result.text).toBe('POST where=1%3D1&f=json');
  });

  it('follows redirects to other hosts only past guard, robots.txt and without credentials', async () => {
    const other = await startSite({ '/page': text('there'), '/robots.txt': text('User-agent: *\nDisallow: /secret') });
    const site = await startSite({
      '/go': text('', 302, { location: `${other.origin}/page` }),
      '/secret': text('', 302, { location: `${other.origin}/secret` }),
      '/file': text('', 302, { location: 'file:///etc/passwd' }),
      '/private': text('', 302, { location: 'http://169.254.169.254/latest/' }),
      '/port': text('', 302, { location: 'http://127.0.0.1:9/' }),
      '/loop': text('', 302, { location: '/loop' }),
    });
    const fetcher = newFetcher([site, other]);
    const ask = (path: string) =>
      fetcher
        .fetchPage(site.origin + path, { headers: { Authorization: 'secret' } }, newSession())
        .catch((error) => error);
    expect(await ask('/go')).toMatchObject({
      text: 'there',
      url: `${site.origin}/go`,
      finalUrl: `${other.origin}/page`,
    });
    expect(other.asked.every((request) => request.headers.authorization === undefined)).toBe(true);
    expect(await ask('/secret')).toMatchObject({ code: 'robots_disallowed', context: { line: 2 } });
    expect(await ask('/file')).toMatchObject({ code: 'request_refused' });
    expect(await ask('/private')).toMatchObject({ code: 'address_refused' });
    expect(await ask('/port')).toMatchObject({ code: 'address_refused' });
    expect(await ask('/loop')).toMatchObject({ code: 'request_refused', context: { hops: 5 } });
    expect(other.paths()).toEqual(['/robots.txt', '/page']);
  });

  it('takes no header to another origin that may hold a secret, whatever it is called', async () => {
    const other = await startSite({ '/page': text('there') });
    const site = await startSite({
      '/here': text('', 302, { location: '/page' }),
      '/page': text('here'),
      '/there': text('', 302, { location: `${other.origin}/page` }),
    });
    const fetcher = newFetcher([site, other]);
    const headers = {
      Cookie: 'a=1',
      'X-App-Token': 'secret',
      'X-Api-Key': 'secret',
      'x-session': 'secret',
      'Accept-Language': 'en',
    };
    for (const path of ['/here', '/there']) await fetcher.fetchPage(site.origin + path, { headers }, newSession());
    expect(site.asked.at(-1)?.headers).toMatchObject({ 'x-app-token': 'secret' });
    const taken = JSON.stringify(other.asked.map((request) => request.headers));
    expect(taken).not.toContain('secret');
    expect(other.asked.at(-1)?.headers).toMatchObject({ 'accept-language': 'en' });
    expect(site.asked.find(({ url }) => url === '/page')?.headers).toMatchObject({ 'x-api-key': 'secret' });
  });

  it('tells no secret of an address that it refuses', async () => {
    const site = await startSite({
      '/go': text('', 302, { location: 'http://10.0.0.1/x?access_token=hidden' }),
      '/nonsense': text('', 302, { location: 'http://[/x?access_token=hidden' }),
    });
    const fetcher = newFetcher([site]);
    for (const url of [
      'http://ann:hidden@93.184.215.14/',
      'http://10.0.0.1/rows?$$app_token=hidden',
      `${site.origin}/go`,
      `${site.origin}/nonsense`,
    ]) {
      const error = await fetcher.fetchPage(url, {}, newSession()).catch((thrown) => thrown);
      expect(['address_refused', 'request_refused']).toContain(error.code);
      expect(error.message + JSON.stringify(error.context)).not.toContain('hidden');
    }
  });

  it('refuses private addresses and what is no web address', async () => {
    const canary = await startSite({ '/*': text('private') });
    const fetcher = newFetcher([]);
    for (const url of [
      canary.origin,
      canary.origin.replace('127.0.0.1', 'localhost'),
      'file:///etc/passwd',
      'nonsense',
      '',
    ]) {
      await expect(fetcher.fetchPage(url, {}, newSession())).rejects.toMatchObject({ code: 'address_refused' });
    }
    expect(canary.paths()).toEqual([]);
  });

  it('never lets a name that resolves to a private address through', async () => {
    const fetcher = newFetcher([], { resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    await expect(fetcher.fetchPage('http://rebind.example/', {}, newSession())).rejects.toMatchObject({
      code: 'address_refused',
    });
  });

  it('says that a name is unknown instead of calling its rules unreachable', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    const fetcher = newFetcher([], { resolve });
    await expect(fetcher.fetchPage('http://nowhere.example/', {}, newSession())).rejects.toMatchObject({
      code: 'host_unknown',
    });
  });

  it('ends with the reason of the session, wherever it waits', async () => {
    const site = await startSite({ '/slow': () => {}, '/later': text('', 429, { 'retry-after': '9' }) });
    for (const path of ['/slow', '/later']) {
      const session = newSession();
      const asking = newFetcher([site]).fetchPage(site.origin + path, {}, session);
      setTimeout(() => session.ending.abort(new Error('cancelled')), 200);
      await expect(asking).rejects.toThrow('cancelled');
    }
  });
});

describe('robots.txt on the way to a page', () => {
  it('shows the line that forbids a page, and asks nothing', async () => {
    const site = await startSite({
      '/robots.txt': text('# hi\nUser-agent: *\nDisallow: /private # no'),
      '/*': text('x'),
    });
    const { result } = await fetchFrom(site, '/private/1');
    expect(result).toMatchObject({
      code: 'robots_disallowed',
      context: { line: 3, rule: 'Disallow: /private # no', robotsUrl: `${site.origin}/robots.txt` },
    });
    expect(site.paths()).toEqual(['/robots.txt']);
  });

  it.each<[string, FixtureRoute]>([
    ['503', text('', 503)],
    ['500', text('', 500)],
    ['429', text('', 429)],
    ['a web page by its type', text('User-agent: *', 200, { 'content-type': 'text/html; charset=utf-8' })],
    ['a web page by its look', text('\uFEFF\n<!doctype html><title>Just a moment</title>')],
    ['a broken connection', (_request, response) => void response.destroy()],
    ['a redirect to a private address', text('', 302, { location: 'http://10.0.0.1/robots.txt' })],
    ['a loop', text('', 302, { location: '/robots.txt' })],
  ])('lets the host wait a minute while its rules are unreachable: %s', async (_name, route) => {
    const site = await startSite({ '/robots.txt': route, '/*': text('x') });
    const { result } = await fetchFrom(site, '/a');
    expect(result).toMatchObject({ code: 'host_not_ready' });
    expect(result.retryAfterMs).toBeGreaterThan(50_000);
    expect(result.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(site.paths()).not.toContain('/a');
  });

  it('waits longer each time: 1, 5, 15, 60 minutes', async () => {
    const site = await startSite({ '/robots.txt': text('', 503), '/*': text('x') });
    const robots = new LocalRobotsStore();
    for (const minutes of [1, 5, 15, 60, 60]) {
      const { result } = await fetchFrom(site, '/a', {}, {}, { robots });
      expect(Math.round((result.retryAfterMs ?? 0) / 60_000)).toBe(minutes);
      const stored = await robots.find(site.origin);
      if (stored) await robots.save(site.origin, { ...stored, freshForMs: -1 });
    }
  });

  it.each([404, 403, 401, 410])('finds no rules behind status %i', async (status) => {
    const site = await startSite({ '/robots.txt': text('', status), '/*': text('x') });
    expect((await fetchFrom(site, '/a')).result).toMatchObject({ text: 'x' });
  });

  it('follows five redirects and applies the rules to the first host', async () => {
    const elsewhere = await startSite({ '/rules': text('User-agent: *\nDisallow: /a'), '/a': text('allowed there') });
    const site = await startSite({
      '/robots.txt': text('', 301, { location: `${elsewhere.origin}/rules` }),
      '/*': text('x'),
    });
    const fetcher = newFetcher([site, elsewhere]);
    const ask = (url: string) => fetcher.fetchPage(url, {}, newSession()).catch((error) => error);
    expect(await ask(`${site.origin}/a`)).toMatchObject({ code: 'robots_disallowed' });
    expect(await ask(`${elsewhere.origin}/a`)).toMatchObject({ text: 'allowed there' });
  });

  it('keeps the Crawl-delay, and does not read a host that wants more than an hour', async () => {
    const site = await startSite({ '/robots.txt': text('User-agent: EkoLeadBot\nCrawl-delay: 0.3'), '/*': text('x') });
    expect((await fetchFrom(site, '/a')).result).toMatchObject({ text: 'x' });
    expect((site.asked[1]?.at ?? 0) - (site.asked[0]?.at ?? 0)).toBeGreaterThanOrEqual(300);
    const slow = await startSite({ '/robots.txt': text('User-agent: *\nCrawl-delay: 86400'), '/*': text('x') });
    expect((await fetchFrom(slow, '/a')).result).toMatchObject({ code: 'host_not_ready', retryAfterMs: 3_600_000 });
    expect(slow.paths()).toEqual(['/robots.txt']);
  });

  it('looks again for the others when the session that looked is ended', async () => {
    const first = newSession();
    const site = await startSite({
      '/robots.txt': (_request, response, count) => {
        if (count === 0) first.ending.abort(new Error('ended'));
        else response.end('');
      },
      '/*': text('x'),
    });
    const fetcher = newFetcher([site]);
    const ended = fetcher.fetchPage(`${site.origin}/a`, {}, first).catch((error) => error);
    const second = fetcher.fetchPage(`${site.origin}/b`, {}, newSession());
    expect(await ended).toMatchObject({ message: 'ended' });
    expect(await second).toMatchObject({ text: 'x' });
  });
});
