import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShutdownError } from '#lib/errors.ts';
import { text } from '#test/fetch-bed.ts';
import type { FixtureSite } from '#test/fixture-site.ts';
import { createRenderBed, html, json, newRenderSession, type RenderBed, script } from '#test/render-bed.ts';
import { waitFor } from '#test/wait-for.ts';

let bed: RenderBed;
beforeAll(async () => {
  bed = await createRenderBed();
});
afterAll(() => bed.close());

/** Shows the rows of /rows.json, each an element of class "row". */
const LIST = `<!doctype html><title>Permits</title><ul></ul><script>
  fetch('/rows.json').then((answer) => answer.json()).then((rows) => {
    for (const row of rows) {
      const item = document.createElement('li');
      item.className = 'row';
      item.textContent = row;
      document.querySelector('ul').append(item);
    }
  });
</script>`;
const ROW = { waitFor: { selector: '.row' } } as const;

const withRobots = (rules: string) => ({ '/robots.txt': text(`User-agent: *\n${rules}\n`) });
const pagesOf = (site: FixtureSite) => site.paths().filter((path) => path !== '/robots.txt');

describe('renderPage', () => {
  it('gives a page as its script has made it from a call for data', async () => {
    const site = await bed.startSite({ '/': html(LIST), '/rows.json': json(['Zoë', 'Ann']) });
    const session = newRenderSession();
    const page = await bed.render(`${site.origin}/`, ROW, session);
    expect(page).toMatchObject({
      url: `${site.origin}/`,
      finalUrl: `${site.origin}/`,
      status: 200,
      notModified: false,
    });
    expect(page.text).toMatch(/^<!DOCTYPE html><html>.*<li class="row">Zoë<\/li><li class="row">Ann<\/li>.*<\/html>$/s);
    expect(page.bytes).toBe(Buffer.byteLength(page.text ?? ''));
    expect(pagesOf(site)).toEqual(['/', '/rows.json']);
    expect(session.stats.requestsMade).toBe(3);
    expect(session.records.map(({ url }) => url)).toContain(`${site.origin}/rows.json`);
    for (const { headers } of site.asked) {
      expect(headers).toMatchObject({ 'user-agent': 'EkoLeadBot/0.1 (+https://example.com/bot)' });
      expect(Object.keys(headers).filter((name) => name.startsWith('sec-'))).toEqual([]);
    }
  });

  it('keeps the cookies of a page for its own requests, and none for the next page', async () => {
    const site = await bed.startSite({
      '/': html(LIST, { 'set-cookie': 'visit=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT' }),
      '/rows.json': (request, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify([request.headers.cookie ?? 'none'])),
    });
    expect((await bed.render(`${site.origin}/`, ROW)).text).toContain('>visit=1<');
    await bed.render(`${site.origin}/`, ROW);
    expect(site.asked.filter(({ url }) => url === '/').map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('asks for a script once for several pages, and for everything that is no text never', async () => {
    const page = `<link rel="stylesheet" href="/a.css"><link rel="icon" href="/i.ico"><img src="/a.png"><video src="/a.mp4"></video>
      <iframe src="/frame"></iframe><script src="/app.js"></script>`;
    const site = await bed.startSite({
      '/': html(page),
      '/app.js': script(`document.body.insertAdjacentHTML('beforeend', '<p class="row">done</p>')`),
    });
    for (let turn = 0; turn < 3; turn += 1) expect((await bed.render(`${site.origin}/`, ROW)).text).toContain('>done<');
    expect(pagesOf(site).sort()).toEqual(['/', '/', '/', '/app.js']);
  });

  it('sends nothing for a page: what is not GET is refused', async () => {
    const page = `<form method="post" action="/form"></form><script>
      fetch('/post', { method: 'POST', body: 'x' }).catch(() => document.body.insertAdjacentHTML('beforeend', '<p class="row">refused</p>'));
      document.forms[0].submit();
    </script>`;
    const site = await bed.startSite({ '/': html(page), '/post': text('taken'), '/form': html('taken') });
    expect((await bed.render(`${site.origin}/`, ROW)).text).toContain('>refused<');
    expect(pagesOf(site)).toEqual(['/']);
  });

  it('answers preflights itself, and holds pages to the rules between sites', async () => {
    const read = (path: string) =>
      `fetch('ORIGIN${path}', { headers: { 'x-api': '1' } }).then((answer) => answer.text(), () => 'hidden')`;
    const other = await bed.startSite({
      '/open': text('open data', 200, { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'x-api' }),
      '/closed': text('closed data'),
    });
    const code = `Promise.all([${read('/open')}, ${read('/closed')}]).then((texts) => {
      document.body.innerHTML = '<p class="row">' + texts.join() + '</p>';
    })`.replaceAll('ORIGIN', other.origin);
    const site = await bed.startSite({ '/': html(`<body><script>${code}</script>`) });
    expect((await bed.render(`${site.origin}/`, ROW)).text).toContain('>open data,hidden<');
    expect(other.asked.map(({ method }) => method)).not.toContain('OPTIONS');
  });

  it('closes what a page opens, and ends its endless windows with the page', async () => {
    const page = `<p class="row"></p><script>setInterval(() => { window.open('/popup'); open('about:blank'); }, 5)</script>`;
    const site = await bed.startSite({ '/': html(page), '/fine': html('<p>page</p>') });
    expect((await bed.render(`${site.origin}/`, { waitFor: 'idle' })).status).toBe(200);
    expect((await bed.render(`${site.origin}/fine`)).status).toBe(200);
    expect(site.paths()).toEqual(['/robots.txt', '/', '/fine']);
  });

  it('keeps the pages of two sessions apart', async () => {
    const site = await bed.startSite({
      '/sets': html(`<script>document.cookie = 'mine=1'; localStorage.mine = '1'</script>`),
      '/reads': html(
        `<body><script>document.body.append('[' + document.cookie + (localStorage.mine ?? '') + ']')</script>`,
      ),
    });
    await bed.render(`${site.origin}/sets`, {}, newRenderSession());
    expect((await bed.render(`${site.origin}/reads`, {}, newRenderSession())).text).toContain('[]<');
  });
});

describe('the rules of sites', () => {
  it('does not ask for a document that robots.txt forbids', async () => {
    const site = await bed.startSite({ ...withRobots('Disallow: /private'), '/private': html(LIST) });
    expect(await bed.render(`${site.origin}/private`)).toMatchObject({
      code: 'robots_disallowed',
      context: { line: 2 },
    });
    expect(site.paths()).toEqual(['/robots.txt']);
  });

  it('goes without the parts that robots.txt forbids, and says so', async () => {
    const site = await bed.startSite({
      ...withRobots('Disallow: /rows'),
      '/': html(LIST),
      '/rows.json': json(['Ann']),
    });
    const session = newRenderSession();
    expect((await bed.render(`${site.origin}/`, { waitFor: 'idle' }, session)).text).toContain('<ul></ul>');
    expect(pagesOf(site)).toEqual(['/']);
    expect(session.lines.join('\n')).toMatch(/debug The page goes without .*rows\.json.*line 2/);
  });

  it('keeps the gap between all requests of a page on one host', async () => {
    const scripts = [1, 2, 3].map((n) => `<script async src="/${n}.js"></script>`).join('');
    const site = await bed.startSite({
      '/': html(`${scripts}${LIST}`),
      '/*': script(''),
      '/rows.json': json(['Ann']),
    });
    await bed.render(`${site.origin}/`, ROW, newRenderSession({ rateLimit: 150 }));
    const gaps = site.asked.slice(1).map(({ at }, index) => at - (site.asked[index]?.at ?? 0));
    expect(gaps).toHaveLength(5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(150);
  });

  it('gives way to a host that asks for less while its page is built', async () => {
    const site = await bed.startSite({ '/': html(LIST), '/rows.json': text('', 429, { 'retry-after': '3600' }) });
    expect(await bed.render(`${site.origin}/`, ROW)).toMatchObject({ code: 'throttled', disposition: 'snooze' });
  });

  it('asks no more often than it may, and only the hosts that it may', async () => {
    const other = await bed.startSite({ '/x.js': script('') });
    const scripts = [1, 2, 3, 4].map((n) => `<script src="/${n}.js"></script>`).join('');
    const site = await bed.startSite({
      '/': html(`<script src="${other.origin}/x.js"></script>${scripts}`),
      '/*': script(''),
    });
    await bed.render(`${site.origin}/`, { requestsMax: 2, hosts: ['cdn.example.com'] });
    expect(pagesOf(site)).toEqual(['/', '/1.js', '/2.js']);
    expect(other.asked).toEqual([]);
  });
});

describe('where a page leads', () => {
  it('shows a redirected document at the address that answered, with the fragment that was asked for', async () => {
    const site = await bed.startSite({
      '/old': (_request, response) => void response.writeHead(302, { location: '/new?x=1' }).end(),
      '/new': html(`<body><script>document.body.innerHTML = '<p class="row">' + location.href + '</p>'</script>`),
    });
    const page = await bed.render(`${site.origin}/old#part`, ROW);
    expect(page).toMatchObject({ url: `${site.origin}/old#part`, finalUrl: `${site.origin}/new?x=1#part` });
    expect(page.text).toContain(`>${site.origin}/new?x=1#part<`);
    expect(pagesOf(site)).toEqual(['/old', '/new?x=1']);
  });

  it('follows scripts to another document, through its redirect', async () => {
    const site = await bed.startSite({
      '/': html(`<p>first</p><script>location.href = '/next'</script>`),
      '/next': (_request, response) => void response.writeHead(302, { location: '/last' }).end(),
      '/last': html('<p class="row">last</p>'),
    });
    const page = await bed.render(`${site.origin}/`);
    expect(page).toMatchObject({ url: `${site.origin}/`, finalUrl: `${site.origin}/last` });
    expect(page.text).toContain('<p class="row">last</p>');
    expect(pagesOf(site)).toEqual(['/', '/next', '/last']);
  });

  it('gives the error of a document that scripts lead to', async () => {
    const site = await bed.startSite({
      ...withRobots('Disallow: /private'),
      '/a': html(`<script>location.href = '/private'</script>`),
      '/b': html(`<script>location.href = '/gone'</script>`),
    });
    expect(await bed.render(`${site.origin}/a`)).toMatchObject({ code: 'robots_disallowed' });
    expect(await bed.render(`${site.origin}/b`)).toMatchObject({ code: 'page_gone' });
    expect(pagesOf(site)).toEqual(['/a', '/b', '/gone']);
  });

  it('gives up on a page that goes on without end', async () => {
    const site = await bed.startSite({ '/': html('<script>location.reload()</script>') });
    expect(await bed.render(`${site.origin}/`)).toMatchObject({ code: 'request_refused' });
    expect(pagesOf(site)).toHaveLength(6);
  });

  it('says of what no browser shows that it is no page', async () => {
    const site = await bed.startSite({ '/': text('x', 200, { 'content-type': 'application/octet-stream' }) });
    expect(await bed.render(`${site.origin}/`)).toMatchObject({ code: 'unusable_body' });
  });
});

describe('what a page must show', () => {
  const MARKS = { results: ['class="row"'], empty: ['No permits found'] };

  it('looks for the expected marks in the finished page, not in its document', async () => {
    const site = await bed.startSite({
      '/': html(LIST),
      '/rows.json': json(['Ann']),
      '/empty': html(`<body><script>document.body.append('No permits ', 'found')</script>`),
      '/else': html('<p>Something else</p>'),
    });
    const render = (path: string) => bed.render(site.origin + path, { waitFor: 'idle', expect: MARKS });
    expect((await render('/')).status).toBe(200);
    expect((await render('/empty')).status).toBe(200);
    expect(await render('/else')).toMatchObject({ code: 'layout_changed' });
  });

  it('blames the data that could not be had rather than the layout', async () => {
    const site = await bed.startSite({ '/': html(LIST), '/rows.json': text('', 404) });
    const [lacking, late] = await Promise.all([
      bed.render(`${site.origin}/`, { waitFor: 'idle', expect: MARKS }),
      bed.render(`${site.origin}/`, { ...ROW, timeoutMs: 8_000 }),
    ]);
    expect(lacking).toMatchObject({ code: 'page_gone', context: { url: `${site.origin}/rows.json` } });
    expect(late).toMatchObject({ code: 'page_gone' });
  });

  it('tells a page that never shows what it should from one that is late', async () => {
    const site = await bed.startSite({
      '/still': html('<p>Something else</p>'),
      '/late': html(LIST),
      '/rows.json': () => {},
    });
    const render = (path: string) => bed.render(site.origin + path, { ...ROW, timeoutMs: 8_000 });
    const [still, late] = await Promise.all([render('/still'), render('/late')]);
    expect(still).toMatchObject({ code: 'layout_changed' });
    expect(late).toMatchObject({ code: 'fetch_timeout', disposition: 'retry' });
  });

  it('ends with the session, and gives its reason', async () => {
    const site = await bed.startSite({ '/': html(LIST), '/rows.json': () => {} });
    const session = newRenderSession();
    const rendering = bed.render(`${site.origin}/`, ROW, session);
    await waitFor(() => site.paths().includes('/rows.json'));
    session.ending.abort(new ShutdownError('The worker is stopping'));
    expect(await rendering).toMatchObject({ code: 'shutdown' });
  });

  it('reads a page that hides behind its own names and getters', async () => {
    const page = `<img name="documentElement"><form name="doctype"></form><p class="row">seen</p><script>
      Object.defineProperty(Element.prototype, 'outerHTML', { get: () => 'forged' });
      Object.defineProperty(Document.prototype, 'documentElement', { get: () => ({ outerHTML: 'forged' }) });
      XMLSerializer.prototype.serializeToString = () => 'forged';
    </script>`;
    const site = await bed.startSite({ '/': html(`<!doctype html><img name="readyState">${page}`) });
    for (const waitFor of ['load', 'idle', { selector: '.row' }] as const) {
      const { text: read } = await bed.render(`${site.origin}/`, { waitFor });
      expect(read).toMatch(/^<!DOCTYPE html><html>/);
      expect(read).toContain('<p class="row">seen</p>');
    }
  });

  it('reads a page that allows no scripts but its own', async () => {
    const rules = { 'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'" };
    const site = await bed.startSite({
      '/': html('<body><script>document.body.append("inline")</script><script src="/app.js"></script>', rules),
      '/app.js': script(`document.body.insertAdjacentHTML('beforeend', '<p class="row">own</p>')`),
    });
    for (const waitFor of ['load', { selector: '.row' }] as const) {
      expect((await bed.render(`${site.origin}/`, { waitFor })).text).toMatch(/<\/script><p class="row">own<\/p>/);
    }
  });

  it('takes no page that has grown beyond its limit', async () => {
    const site = await bed.startSite({
      '/': html(`<script>document.head.append(document.createComment('x'.repeat(11e6)))</script>`),
    });
    expect(await bed.render(`${site.origin}/`)).toMatchObject({ code: 'unusable_body' });
  });
});
