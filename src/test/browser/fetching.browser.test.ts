import type { Browser, BrowserContext, Locator, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowserSession } from '#server/auth/browser-session.ts';
import { COOKIE_NAME } from '#server/auth/session-cookie.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { startBrowser } from './browser.ts';
import { expectNoViolations, expectNoViolationsInBoth } from './expect-no-violations.ts';
import { insertFetchRows, SESSIONS, SNAPSHOT } from './fetch-rows.ts';
import { type StartedApp, startApp } from './started-app.ts';

const PAGE_MS = 30_000;
const PASSWORD = 'p:w/never shown#1';

let database: TestDatabase;
let app: StartedApp;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  // Without workers: what is in the tables stays as it is.
  const started = startApp({ DATABASE_URL: database.url, NUM_WORKERS: '0', EKO_DEMO: 'false' });
  [app, browser] = await Promise.all([started, startBrowser()]);
  context = await browser.newContext({ baseURL: app.origin, reducedMotion: 'reduce' });
  context.setDefaultTimeout(PAGE_MS);
  const visit = await context.newPage();
  await visit.goto(app.signInLink);
  await visit.close();
}, 420_000);

afterAll(async () => {
  await browser?.close();
  await app?.stop();
  await database?.drop();
}, 90_000);

beforeEach(async () => {
  complaints = [];
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const panel = (name: string): Locator => page.getByRole('region', { name, exact: true });
const row = (inPanel: string, text: string): Locator =>
  panel(inPanel).getByRole('row').filter({ hasText: text }).first();
const actOn = async (proxy: string, action: string): Promise<void> => {
  await panel('Proxies')
    .getByRole('button', { name: `Actions for ${proxy}` })
    .first()
    .click();
  await page.getByRole('menuitem', { name: action }).click();
};

describe('the workers page before anything was fetched', () => {
  it('says what hosts and proxies are, and that no proxy is needed', async () => {
    await page.goto('/workers');
    await panel('Hosts').getByText('No site has been asked yet').waitFor();
    await panel('Proxies').getByText('No proxies, and none needed').waitFor();
    await expectNoViolations(page, '/workers, empty');
  });
});

describe('the machines', () => {
  it('show how they are, and take orders', async () => {
    await database.db.query(
      `insert into nodes (node_id, hostname, manager_pid, status, status_reasons, configured_workers, active_workers, active_sessions,
         memory_percent, last_seen_at)
       values ('roof-1', 'roof', 1, 'degraded', array['Memory is 91 % used'], 2, 2, 1, 91, now() + interval '1 hour')`,
    );
    await page.goto('/workers');
    const machine = row('Machines', 'roof-1');
    for (const text of ['Degraded', 'takes half as much', 'Memory is 91 % used', '91 %']) {
      await machine.getByText(text, { exact: true }).waitFor();
    }
    // By keyboard, with the focus where it was for the next press.
    const more = panel('Machines').getByRole('button', { name: 'One worker more on roof-1' }).first();
    await more.focus();
    await page.keyboard.press('Enter');
    await machine.getByText('2 now').waitFor();
    await page.locator('button[aria-label="One worker more on roof-1"]:focus').waitFor();
    const act = async (action: string) => {
      await panel('Machines').getByRole('button', { name: 'Actions for roof-1' }).first().click();
      await page.getByRole('menuitem', { name: action }).click();
    };
    await act('Pause');
    await machine.getByText('Paused').waitFor();
    await act('Drain…');
    await page.getByRole('dialog').getByRole('button', { name: 'Drain the machine' }).click();
    await machine.getByText('Drained').waitFor();
    await act('Resume');
    await machine.getByText('Drained').waitFor({ state: 'detached' });
    const [node] = await database.db.query(`select mode, desired_workers from nodes where node_id = 'roof-1'`);
    expect(node).toEqual({ mode: 'active', desired_workers: 3 });
  });
});

describe('the proxies', () => {
  it('take one that is typed in, and never show its password again', async () => {
    await page.goto('/workers');
    await page.getByRole('button', { name: 'Add proxy' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill('http://proxy.example.com:8080');
    await dialog.getByLabel('User name').fill('ann');
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await row('Proxies', 'http://proxy.example.com:8080').getByText('as ann').waitFor();
    await dialog.waitFor({ state: 'detached' });
    const list = JSON.stringify((await app.call('/api/proxies')).body);
    for (const shown of [await page.content(), list]) {
      expect(shown).not.toContain(PASSWORD);
      expect(shown).not.toContain(encodeURIComponent(PASSWORD));
    }
  });

  it('say beside the field what is wrong with an address, and keep what was typed', async () => {
    await page.goto('/workers');
    await page.getByRole('button', { name: 'Add proxy' }).click();
    const address = page.getByRole('dialog').getByLabel('Address');
    await address.fill('ftp://proxy.example.com:21');
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input[aria-invalid=true]').waitFor();
    expect(await address.inputValue()).toBe('ftp://proxy.example.com:21');
  });

  it('take a list, and name the lines that are not understood', async () => {
    await page.goto('/workers');
    await page.getByRole('button', { name: 'Import list' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel('One proxy a line')
      .fill('socks5://proxy-2.example.com:1080\n\nno proxy at all\nproxy-3.example.com:3128:bob:secret\n');
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByText('2 proxies added, 1 line not understood').waitFor();
    const problem = dialog.getByRole('table', { name: 'Lines that were not understood' }).getByRole('row').nth(1);
    expect(await problem.getByRole('cell').first().textContent()).toBe('3');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await row('Proxies', 'proxy-3.example.com:3128').getByText('as bob').waitFor();
    await panel('Proxies').getByText('3 testing').waitFor();
  });

  it('are disabled, enabled again, and removed after a question', async () => {
    await page.goto('/workers');
    const proxy = 'socks5://proxy-2.example.com:1080';
    await actOn(proxy, 'Disable');
    await row('Proxies', proxy).getByText('Disabled').waitFor();
    await actOn(proxy, 'Enable');
    await row('Proxies', proxy).getByText('Testing').waitFor();
    await actOn(proxy, 'Remove…');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the proxy' }).click();
    await row('Proxies', proxy).waitFor({ state: 'detached' });
    expect(JSON.stringify((await app.call('/api/proxies')).body)).not.toContain('proxy-2.example.com');
  });

  it('list the hosts that refuse one of them, and why', async () => {
    await database.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, until, reason)
       select id, 'picky.example.com', now() + interval '1 hour', 'status 403' from proxy_pool where host = 'proxy.example.com'`,
    );
    await page.goto('/workers');
    await row('Proxies', 'http://proxy.example.com:8080')
      .getByRole('button', { name: /^1 host/ })
      .click();
    const bans = page.getByRole('dialog', { name: '1 host refuses http://proxy.example.com:8080' });
    await bans.getByText('picky.example.com').waitFor();
    await bans.getByText('status 403').waitFor();
  });

  it('are filtered by state and text once there are many, and ten thousand leave the page quick', async () => {
    await database.db.query(
      `insert into proxy_pool (protocol, host, port, status)
       select 'http', 'p' || n || '.example.net', 8080, case when n % 100 = 0 then 'failed' else 'active' end from generate_series(1, 10000) n`,
    );
    await page.goto('/workers');
    const failed = panel('Proxies').getByRole('button', { name: /^Failed\s*100$/ });
    await failed.click();
    await row('Proxies', 'p100.example.net').waitFor();
    await panel('Proxies').getByLabel('Find a proxy').fill('p9900.');
    await row('Proxies', 'p9900.example.net').waitFor();
    await panel('Proxies').getByText('p100.example.net').first().waitFor({ state: 'detached' });
    expect(await panel('Proxies').getByRole('row').count()).toBeLessThanOrEqual(21);
    await database.db.query(`delete from proxy_pool where host like 'p%.example.net'`);
  });
});

describe('the hosts', () => {
  beforeAll(() => insertFetchRows(database.db));

  it('show first who may not be asked, until when and why', async () => {
    await page.goto('/workers');
    const rows = panel('Hosts').getByRole('row');
    await rows.nth(1).getByText('Paused', { exact: true }).waitFor();
    await rows.nth(1).getByText('5 errors in a row; the last one: status 503').waitFor();
    await rows
      .nth(1)
      .getByText(/in (1|2) h/)
      .waitFor();
    await rows.nth(2).getByText('Backing off').waitFor();
    await rows.nth(3).getByText('robots.txt unreadable').waitFor();
    await rows.nth(4).getByText('10 s').waitFor();
    await rows.nth(4).getByText('its Crawl-delay').waitFor();
  });

  it('show the rules of one of them, and keep the open one in the address', async () => {
    await page.goto('/workers');
    await panel('Hosts').getByRole('button', { name: 'slow.example.org', exact: true }).click();
    const rules = page.getByRole('dialog').getByRole('region', { name: 'robots.txt of https://data.slow.example.org' });
    await rules.getByRole('link', { name: /sitemap\.xml/ }).waitFor();
    expect(await rules.getByRole('link', { name: /robots\.txt/ }).getAttribute('href')).toBe(
      'https://data.slow.example.org/robots.txt',
    );
    expect(new URL(page.url()).search).toBe('?host=slow.example.org');
    await expectNoViolations(page, '/workers, with a host open');
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => url.search === '');
  });

  it('let a session say which of them it waits for', async () => {
    await page.goto(`/scraping/${SESSIONS.waiting}`);
    const wait = panel('What it waits for');
    await wait.getByText('paused.example.com').waitFor();
    await wait.getByText('5 errors in a row; the last one: status 503').waitFor();
  });

  it('are asked again when a person resumes them', async () => {
    await page.goto('/workers');
    await row('Hosts', 'paused.example.com')
      .getByRole('button', { name: /Resume now/ })
      .click();
    await row('Hosts', 'paused.example.com').getByText('Ready').waitFor();
    const [host] = await database.db.query(
      `select paused_until from host_pacing where host_key = 'paused.example.com'`,
    );
    expect(host).toEqual({ paused_until: null });
  });
});

describe('the requests of a session', () => {
  it('come newest first with their verdicts, page by page, and problems alone when asked', async () => {
    await page.goto(`/scraping/${SESSIONS.read}`);
    const rows = panel('Requests').getByRole('row');
    await rows.nth(1).getByText('Blocked').waitFor();
    await rows.nth(1).getByText('through proxy.example.com:8080').waitFor();
    await rows.nth(2).getByText('line 4 forbids it: Disallow: /private/').waitFor();
    expect(await rows.count()).toBe(51);
    const broken = { error: { code: 'internal', message: 'It broke' } };
    await page.route('**/requests?*cursor=*', (route) => route.fulfill({ status: 500, json: broken }), { times: 1 });
    await panel('Requests').getByRole('button', { name: 'Load more' }).click();
    await page.getByRole('alert').getByText('It broke').waitFor();
    // A change is announced while the next page is on its way: it comes all the same.
    const held = async (route: Route) => {
      const refreshed = page.waitForRequest('**/api/metrics/summary');
      await database.db.query(`select pg_notify('eko_events', '{"topics":["sessions"]}')`);
      await refreshed;
      await route.continue();
    };
    await page.route('**/requests?*cursor=*', held, { times: 1 });
    await panel('Requests').getByRole('button', { name: 'Load more' }).click();
    await panel('Requests').getByRole('row').filter({ hasText: '/rows?page=1' }).last().waitFor();
    await rows.nth(62).waitFor();
    await panel('Requests').getByLabel('Problems only').check();
    await rows.nth(3).waitFor({ state: 'detached' });
    expect(await rows.count()).toBe(3);
    expect(await page.getByText('No records').count()).toBe(0);
  });

  it('lead to the page that a site sent, as text of which nothing is run or loaded', async () => {
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    await page.goto(`/scraping/${SESSIONS.read}`);
    await panel('Requests').getByRole('link', { name: 'See the page' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Blocked' }).waitFor();
    await page.getByRole('table', { name: 'Evidence' }).getByText('title-denied').waitFor();
    await page.getByRole('table', { name: 'Headers' }).getByText('edge').waitFor();
    const text = panel('The page as text');
    expect(await text.textContent()).toContain(
      `<script>document.title = 'taken over'; window.takenOver = true</script>`,
    );
    expect(await text.textContent()).toContain('Access ⟨U+202E⟩denied');
    await page.getByLabel('Search in the page').fill('ACCESS');
    await page.getByText('1 of 2').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('2 of 2').waitFor();
    expect(await page.evaluate('window.takenOver')).toBeUndefined();
    expect(await page.title()).not.toContain('taken over');
    expect(loaded.filter((url) => url.includes('taken-over'))).toEqual([]);
  });

  it('say of a page that is kept no more that it is gone', async () => {
    await page.goto(`/scraping/${SESSIONS.read}/snapshots/${'b'.repeat(64)}`);
    await page.getByText('There is no such page any more').waitFor();
  });
});

describe('the log of a session', () => {
  it('begins with its last lines, says so, and goes back', async () => {
    await database.db.query(
      `insert into session_logs (session_id, claim_number, level, message)
       select $1, 1, case when n = 1 then 'error' else 'info' end, 'line ' || n from generate_series(1, 450) n`,
      [SESSIONS.read],
    );
    await page.goto(`/scraping/${SESSIONS.read}`);
    await panel('Log').getByText('the last 200 lines', { exact: true }).waitFor();
    await panel('Log').getByLabel('Least important lines to show').selectOption('Errors only');
    await panel('Log').getByText('the last 0 lines, 200 less important hidden').waitFor();
    await panel('Log').getByRole('button', { name: 'Load earlier lines' }).click();
    await panel('Log').getByText('1 line, 449 less important hidden').waitFor();
    await panel('Log').getByText('line 1', { exact: true }).waitFor();
  });
});

describe('names that are long or turn the direction of writing', () => {
  beforeAll(() =>
    database.db.query(
      `insert into scraping_sessions (batch_id, source, location, status) values
         (gen_random_uuid(), 'permits', 'Reversed ' || chr(8238) || 'nwot', 'cancelled'), (gen_random_uuid(), 'permits', repeat('W', 200), 'cancelled')`,
    ),
  );

  it('leave the number beside them as it is', async () => {
    await page.goto('/scraping');
    const number = page.locator('td', { hasText: 'Reversed' }).first().locator('span').last();
    await number.waitFor();
    // Where the sign and the last digit are on the screen.
    const [sign, digit] = await number.evaluate((element) => {
      const leftOf = (text: ChildNode | null, at: number) => {
        const range = document.createRange();
        range.setStart(text as Text, at);
        range.setEnd(text as Text, at + 1);
        return range.getBoundingClientRect().left;
      };
      // "#" and the number are texts of their own.
      return [
        leftOf(element.firstChild, 0),
        leftOf(element.lastChild, (element.lastChild?.nodeValue ?? '').length - 1),
      ];
    });
    expect(sign).toBeLessThan(digit ?? 0);
  });

  it('leave the state in its card on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    await page.goto('/scraping');
    const card = page.getByRole('listitem').filter({ hasText: 'WWW' });
    const edge = async (part: Locator) => {
      const box = await part.boundingBox();
      return (box?.x ?? 0) + (box?.width ?? 0);
    };
    expect(await edge(card.getByText('Cancelled', { exact: true }).first())).toBeLessThan(await edge(card));
  });

  it('leave a way out of a filter that cannot be read', async () => {
    await page.goto('/scraping?batchId=unreadable');
    const problem = page.getByRole('alert').filter({ hasText: 'This could not be loaded' });
    // Asked again in vain it stays the same, or screen readers would tell it again each time.
    await problem.evaluate((element) => element.setAttribute('data-seen', 'true'));
    const answered = page.waitForResponse('**/api/sessions?*');
    await problem.getByRole('button', { name: 'Try now' }).click();
    await (await answered).finished();
    await page.locator('[role=alert][data-seen]').waitFor();
    await page.getByRole('button', { name: /^Remove filter/ }).click();
    await page.getByRole('table').getByRole('link', { name: 'Georgia' }).waitFor();
  });
});

describe('people who may only look', () => {
  it('see everything, and can press nothing that the server would refuse', async () => {
    const viewer = await browser.newContext({ baseURL: app.origin });
    const token = await createBrowserSession(database.db, 'viewer');
    await viewer.addCookies([{ name: COOKIE_NAME, value: token, url: app.origin }]);
    const visit = await viewer.newPage();
    await visit.goto('/workers');
    await visit
      .getByRole('table', { name: /^Hosts/ })
      .getByText('busy.example.net')
      .waitFor();
    for (const name of [/^Resume now/, 'Add proxy', 'Import list', /^Actions for/]) {
      const button = visit.getByRole('button', { name }).first();
      await button.waitFor();
      expect(`${name} ${await button.isDisabled()}`).toBe(`${name} true`);
    }
    await viewer.close();
  });
});

const PAGES = ['/workers', `/scraping/${SESSIONS.read}`, `/scraping/${SESSIONS.read}/snapshots/${SNAPSHOT}`];

describe('every page with what was fetched', () => {
  it.each(PAGES)('has nothing that axe objects to on %s, light and dark', async (route) => {
    await expectNoViolationsInBoth(page, route, () => open(route));
  });

  it.each(PAGES)('fits %s into 320 pixels', async (route) => {
    await page.setViewportSize({ width: 320, height: 700 });
    await open(route);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

describe('the workers page before it has come alive', () => {
  it.each([1280, 360])('keeps the times in their columns at %s pixels', async (width) => {
    const still = await browser.newContext({
      baseURL: app.origin,
      storageState: await context.storageState(),
      javaScriptEnabled: false,
      viewport: { width, height: 900 },
    });
    const visit = await still.newPage();
    await visit.goto('/workers');
    const times = visit.locator('td time, li time');
    await times.first().waitFor({ state: 'attached' });
    const spilt = await times.evaluateAll((all) => {
      const rightOf = (element: Element | null) => element?.getBoundingClientRect().right ?? 0;
      return all.filter((time) => rightOf(time) > rightOf(time.closest('td, li'))).map((time) => time.textContent);
    });
    expect(spilt).toEqual([]);
    await still.close();
  });
});

describe('the history', () => {
  it('shows day by day what was done, also of sessions that are gone, and the days that are asked for', async () => {
    const nowMs = Date.now();
    const day = (ago: number) => new Date(nowMs - ago * 86_400_000).toISOString().slice(0, 10);
    await database.db.query(
      `insert into archive_days (day, source, sessions_completed, sessions_failed, sessions_cancelled, attempts, leads_new, requests_made)
       select day, source, 40, 2, 1, 50, 1200, 3456 from unnest($1::date[]) day, unnest(array['permits', 'reddit']) source`,
      [[day(3), day(5), day(20)]],
    );
    await database.db.query(
      `insert into scraping_sessions (batch_id, source, location, status, completed_at) values (gen_random_uuid(), 'permits', 'x', 'failed', now())`,
    );
    await page.goto('/workers');
    await panel('History').scrollIntoViewIfNeeded();
    const table = panel('History').getByRole('table', { name: 'Figures per day' });
    const cellsOf = async (name: string) =>
      await table.getByRole('row').filter({ hasText: name }).getByRole('cell').allTextContents();
    await table.getByText(day(3)).waitFor();
    const figures = ['86', '80', '4', '2', '2,400', '6,912', '0'];
    expect(await cellsOf(day(3))).toEqual([day(3), ...figures]);
    expect(await cellsOf(day(5))).toEqual([day(5), ...figures]);
    expect(await table.getByText(day(20)).count()).toBe(0);
    // With the one that is still there.
    expect((await cellsOf('In all')).slice(0, 4)).toEqual(['In all', '173', '160', '9']);
    await panel('History').getByLabel('Days of the history').selectOption('Last 30 days');
    await table.getByText(day(20)).waitFor();
    expect((await cellsOf('In all')).slice(0, 4)).toEqual(['In all', '259', '240', '13']);
  });
});

async function open(route: string): Promise<void> {
  await page.goto(route);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await waitFor(async () => (await page.getByLabel('Loading').count()) === 0, { timeoutMs: PAGE_MS });
}
