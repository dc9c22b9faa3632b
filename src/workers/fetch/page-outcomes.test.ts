import { afterEach, describe, expect, it } from 'vitest';
import { createFetchBed, inTurn, newSession, text } from '#test/fetch-bed.ts';
import type { FailedPage } from '../pages/snapshot-store.ts';
import { LocalValidatorStore } from '../pages/validator-store.ts';

const bed = createFetchBed();
const { startSite, newFetcher, fetchFrom } = bed;
afterEach(() => bed.close());

const html = (body: string, status = 200, headers: Record<string, string> = {}) =>
  text(`<!doctype html><title>Permits</title>${body}`, status, { 'content-type': 'text/html', ...headers });
const EXPECT = { results: ['class="permit"'], empty: ['No permits found'] };
const PATIENCE = { refusedMs: 1, layoutMs: 1 };

describe('a page that is not what it should be', () => {
  it('is a changed layout when it has neither the marks of results nor those of nothing found, and is looked at twice', async () => {
    const site = await startSite({
      '/good': html('<p class="permit">1</p>'),
      '/empty': html('<p>No permits found</p>'),
      '/new': html('<p class="licence">1</p>'),
      '/deploying': inTurn(html('<p>soon</p>'), html('<p class="permit">2</p>')),
    });
    const ask = (path: string) => fetchFrom(site, path, { expect: EXPECT }, {}, { patience: PATIENCE });
    expect((await ask('/good')).result).toMatchObject({ status: 200 });
    expect((await ask('/empty')).result).toMatchObject({ status: 200 });
    expect((await ask('/deploying')).result.text).toContain('class="permit"');
    const { result, session } = await ask('/new');
    expect(result).toMatchObject({ code: 'layout_changed', disposition: 'fail' });
    expect(session.records.map(({ verdict }) => verdict)).toEqual([
      // robots.txt, which is not there: no rules.
      'done',
      'layout-changed',
      'layout-changed',
    ]);
  });

  it('is shown to people: the first of its kind is handed to the store, with what spoke against it', async () => {
    const kept: FailedPage[] = [];
    const snapshots = {
      save: async (snapshot: FailedPage) => {
        kept.push(snapshot);
        return 'signature';
      },
    };
    const site = await startSite({ '/a': html('<p>licences</p>') });
    const { result, session } = await fetchFrom(site, '/a', { expect: EXPECT }, {}, { snapshots, patience: PATIENCE });
    expect(kept[0]).toMatchObject({ source: 'permits', sessionId: 1, verdict: 'layout-changed', status: 200 });
    expect(kept[0]?.text).toContain('licences');
    expect(session.records.at(-1)).toMatchObject({ snapshotSignature: 'signature', verdict: 'layout-changed' });
    expect(result.context).toMatchObject({ snapshot: 'signature' });
  });

  it('is a block where a challenge stands in its place, whatever the status says', async () => {
    const challenge = '<script>window._cf_chl_opt={cType:"managed"}</script><form id="challenge-form"></form>';
    const site = await startSite({
      '/200': html(challenge),
      '/403': html(challenge, 403, { 'cf-mitigated': 'challenge' }),
      '/503': html(challenge, 503, { 'cf-mitigated': 'challenge' }),
    });
    for (const path of ['/200', '/403', '/503']) {
      const { result, session } = await fetchFrom(site, path, {}, {}, { patience: PATIENCE });
      expect(result).toMatchObject({ code: 'blocked' });
      expect(session.records.filter(({ verdict }) => verdict === 'blocked')).toHaveLength(1);
    }
  });

  it('is a block where a challenge comes as an answer that is still to come, and is not asked again', async () => {
    const site = await startSite({ '/202': html('<p>wait</p>', 202, { 'x-amzn-waf-action': 'challenge' }) });
    const { result } = await fetchFrom(site, '/202', {}, {}, { patience: PATIENCE });
    expect(result).toMatchObject({ code: 'blocked' });
    expect(site.paths()).toEqual(['/robots.txt', '/202']);
  });

  it('is read where it only embeds a captcha in its own form', async () => {
    const form = '<form><input name="mail"><div class="g-recaptcha"></div></form>';
    const script = '<script src="https://www.google.com/recaptcha/api.js"></script>';
    const site = await startSite({ '/lead-form': html(`<h1>Ask for a quote</h1>${form}${script}`) });
    expect((await fetchFrom(site, '/lead-form')).result).toMatchObject({ status: 200 });
  });
});

describe('requests on record', () => {
  it('say what each came to, how long it took, and what was left out because of robots.txt', async () => {
    const site = await startSite({
      '/robots.txt': text('User-agent: *\nDisallow: /private'),
      '/a': inTurn(text('oops', 500), text('fine')),
    });
    const fetcher = newFetcher([site]);
    const session = newSession();
    await fetcher.fetchPage(`${site.origin}/a`, {}, session);
    await expect(fetcher.fetchPage(`${site.origin}/private`, {}, session)).rejects.toMatchObject({
      code: 'robots_disallowed',
    });
    expect(session.records.map(({ url, status, verdict }) => [new URL(url).pathname, status, verdict])).toEqual([
      ['/robots.txt', 200, 'done'],
      ['/a', 500, 'server-error'],
      ['/a', 200, 'done'],
      ['/private', null, 'skipped'],
    ]);
    expect(session.records.at(-1)?.reason).toContain('line 2');
    expect(session.records[1]).toMatchObject({ proxyId: null, proxy: null, wireBytes: 4, reason: 'status 500' });
    expect(new Set(session.hosts)).toEqual(new Set([site.host]));
  });
});

describe('a conditional request', () => {
  it('is answered with "not modified" by a site that knows how, and by the same bytes of one that does not', async () => {
    const site = await startSite({
      '/etag': (request, response) => {
        const same = request.headers['if-none-match'] === '"1"';
        response.writeHead(same ? 304 : 200, { etag: '"1"' }).end(same ? '' : 'body');
      },
      '/dumb': text('always the same'),
    });
    const validators = new LocalValidatorStore();
    const read = async (path: string, config = {}) => {
      const { result, session } = await fetchFrom(site, path, { conditional: true }, config, {
        validators,
      });
      await validators.save(session.pagesRead);
      return result;
    };
    for (const path of ['/etag', '/dumb']) {
      expect(await read(path)).toMatchObject({ notModified: false, text: expect.stringMatching(/\w/) });
      expect(await read(path)).toMatchObject({ notModified: true, text: '' });
    }
    expect(site.asked.filter(({ headers }) => headers['if-none-match']).length).toBe(1);
    // Another parser must see the page again, although the page has not changed.
    expect(await read('/etag', { parserVersion: '2' })).toMatchObject({ notModified: false, text: 'body' });
  });

  it('is never sent for a page that is asked for without condition, and 304 is no answer to such a request', async () => {
    const site = await startSite({ '/a': text('', 304) });
    const { result, session } = await fetchFrom(site, '/a', {}, {}, { validators: new LocalValidatorStore() });
    expect(result).toMatchObject({ code: 'request_refused' });
    expect(session.pagesRead).toEqual([]);
  });
});
