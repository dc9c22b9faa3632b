import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import { startBrowser } from './browser.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { type StartedApp, startApp } from './started-app.ts';

/** A place that only the demo publishes, so that no test asks a real site. */
const PLACE = 'Cicada County, GA';
const START_MS = 420_000;
const PAGE_MS = 20_000;
/** Scraping a few thousand rows politely, 250 ms apart. */
const SCRAPE_MS = 60_000;

let app: StartedApp;
let browser: Browser;
/** Signed in; each test gets a page of its own in it. */
let context: BrowserContext;
let page: Page;
/** What the browser complained about while a test ran. */
let complaints: string[];

beforeAll(async () => {
  [app, browser] = await Promise.all([startApp(), startBrowser()]);
  context = await openContext();
  const visit = await openPage(context);
  await visit.goto(app.signInLink);
  await visit.close();
}, START_MS);

afterAll(async () => {
  await browser?.close();
  await app?.stop();
}, 90_000);

beforeEach(async () => {
  page = await openPage(context);
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

async function openContext(options: BrowserContextOptions = {}) {
  // Another zone than the server's: what both write must not differ.
  const opened = await browser.newContext({
    baseURL: app.origin,
    reducedMotion: 'reduce',
    timezoneId: 'America/New_York',
    ...options,
  });
  opened.setDefaultTimeout(PAGE_MS);
  return opened;
}

async function openPage(from: BrowserContext): Promise<Page> {
  complaints = [];
  const opened = await from.newPage();
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    // The browser itself reports refused requests, which some tests are about.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return opened;
}

const heading = (name: string | RegExp): Locator => page.getByRole('heading', { level: 1, name });
const tableRow = (name: string): Locator => page.getByRole('row').filter({ has: page.getByRole('link', { name }) });

describe('signing in', () => {
  it('leads strangers to the sign-in page and back to where they wanted to go', async () => {
    const stranger = await openContext();
    const visit = await openPage(stranger);
    await visit.goto('/leads?state=GA');
    expect(new URL(visit.url()).pathname).toBe('/sign-in');
    await visit.getByLabel('Admin token').fill('not the token');
    await visit.getByRole('button', { name: 'Sign in' }).click();
    await visit.getByText('This is not the admin token').waitFor();
    await visit.getByLabel('Admin token').fill(app.adminToken);
    await visit.getByRole('button', { name: 'Sign in' }).click();
    await visit.getByRole('heading', { name: 'Leads' }).waitFor();
    expect(new URL(visit.url()).search).toBe('?state=GA');
    await visit.getByRole('button', { name: 'Sign out' }).click();
    await visit.getByLabel('Admin token').waitFor();
    await stranger.close();
  });
});

describe('the main job', () => {
  it('tells a newcomer what to do', async () => {
    await page.goto('/scraping');
    await page.getByText('Nothing has been scraped yet').waitFor();
    await page.goto('/leads');
    await page.getByText('No leads yet').waitFor();
  });

  it('explains beside the field why a place cannot be scraped, also one that was typed before the page was alive', async () => {
    const scripts = Promise.withResolvers<void>();
    await page.route('**/_next/static/**/*.js', (route) => scripts.promise.then(() => route.continue()));
    await page.goto('/scraping', { waitUntil: 'commit' });
    const early = page.getByPlaceholder('A state, county or city');
    await early.fill('Narnia');
    await early.press('Enter');
    scripts.resolve();
    await page.getByRole('switch', { name: 'Live updates: Live' }).waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText(/"Narnia" is not a place that is covered/).waitFor();
    expect(await page.getByRole('combobox', { name: 'Location' }).getAttribute('aria-invalid')).toBe('true');
    await page.locator('input[aria-invalid=true]:focus').waitFor();
  });

  it(
    'shows a started session at once, whatever the filters were, and follows it live',
    async () => {
      await page.goto('/scraping?status=failed&location=nowhere');
      await page.getByText('No session matches').waitFor();
      await page.getByRole('switch', { name: 'Live updates: Live' }).waitFor();
      await page.getByRole('combobox', { name: 'Location' }).fill(PLACE);
      await page.getByRole('button', { name: 'Start' }).click();
      await tableRow(PLACE).first().waitFor();
      expect(new URL(page.url()).search).toBe('');
      await tableRow(PLACE).getByText('Completed').waitFor({ timeout: SCRAPE_MS });
      const leads = tableRow(PLACE).getByRole('link', { name: /^[1-9][\d,]* leads?, [\d,]+ new$/ });
      await leads.waitFor();
    },
    SCRAPE_MS + 30_000,
  );

  it(
    'changes nothing while paused, and catches up when resumed',
    async () => {
      await page.goto('/scraping');
      await page.getByRole('switch', { name: /Live updates/ }).click();
      await page.getByRole('switch', { name: 'Live updates: Paused' }).waitFor();
      const { body } = await app.call('/api/scraping/trigger', { method: 'POST', body: { location: PLACE } });
      const { id } = (body as { sessions: { id: number }[] }).sessions[0] ?? { id: 0 };
      await waitFor(
        async () => ((await app.call(`/api/sessions/${id}`)).body as { status: string }).status === 'completed',
        {
          timeoutMs: SCRAPE_MS,
        },
      );
      expect(
        await page
          .getByRole('row')
          .filter({ hasText: `#${id}` })
          .count(),
      ).toBe(0);
      await page.getByRole('switch', { name: /Live updates/ }).click();
      await page
        .getByRole('row')
        .filter({ hasText: `#${id}` })
        .waitFor();
    },
    SCRAPE_MS + 30_000,
  );

  it('shows how a session went', async () => {
    await page.goto('/scraping');
    await page.getByRole('link', { name: PLACE }).last().click();
    await heading(PLACE).waitFor();
    await page.getByRole('region', { name: 'Portals' }).getByText('Demo: Cicada County').waitFor();
    await page.getByRole('region', { name: 'Attempts' }).getByText('Completed').waitFor();
    await page.getByRole('region', { name: 'Log lines' }).getByText('Completed').waitFor();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
  });

  it('keeps the filters of the leads in the address, and exports what they find', async () => {
    await page.goto('/leads');
    await page.getByLabel('Has phone').check();
    await page.waitForURL(/hasPhone=true/);
    await page.getByLabel('Search', { exact: true }).fill('solar');
    await page.waitForURL(/text=solar/);
    await page.reload();
    expect(await page.getByLabel('Search', { exact: true }).inputValue()).toBe('solar');
    // Cleared while the last word is still being typed: it must not come back.
    await page.getByLabel('Search', { exact: true }).fill('roof');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Location asked for').fill('Cicada');
    await page.waitForURL(/location=Cicada/);
    expect(new URL(page.url()).search).toBe('?location=Cicada');
    expect(await page.getByLabel('Search', { exact: true }).inputValue()).toBe('');
    await page.getByRole('button', { name: 'Export these' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /CSV/ }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(lines[0]).toContain('id,source,portal');
    expect(lines.length).toBeGreaterThan(1);
  });

  it('shows where each field of a lead came from, and calls with one click', async () => {
    await page.goto('/leads?hasPhone=true');
    await page.getByRole('table').getByRole('link').first().click();
    const provenance = page.getByRole('region', { name: 'Provenance' });
    await provenance.getByText('Phone', { exact: true }).click();
    await provenance
      .getByRole('link', { name: /http:\/\/127\.0\.0\.1/ })
      .first()
      .waitFor();
    const call = await page.getByRole('link', { name: 'Call' }).getAttribute('href');
    expect(call).toMatch(/^tel:\+1\d{10}$/);
    await page.getByText('Demo', { exact: true }).first().waitFor();
  });

  it('shows the workers with their last sign of life, also to a reader whose clock goes wrong', async () => {
    await page.addInitScript('const now = Date.now; Date.now = () => now() + 600_000');
    await page.goto('/workers');
    const worker = page.getByRole('table', { name: 'Workers, the living ones first' }).getByRole('row').nth(1);
    await worker.getByText('Idle').waitFor();
    await worker.getByText(/(\d+ s ago|just now)/).waitFor();
  });
});

const PAGES = ['/scraping', '/scraping/1', '/leads', '/leads/1', '/workers', '/sign-in', '/nowhere'];

describe('every page', () => {
  it('that does not exist says so, without an accessibility violation', async () => {
    for (const address of ['/nowhere', '/scraping/999999', '/leads/999999']) {
      await page.goto(address);
      await heading(/There is no/).waitFor();
      await expectNoViolations(page, address);
    }
  });

  it('loads nothing from anywhere else', async () => {
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== app.origin && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    for (const address of PAGES) await page.goto(address, { waitUntil: 'load' });
    expect(foreign).toEqual([]);
  });
});

describe('the demo data', () => {
  it('goes with one action and comes back with another', async () => {
    const another = await context.newPage();
    await another.goto('/leads');
    await another.getByRole('table').getByRole('link').first().waitFor();
    await page.goto('/leads');
    await page.getByRole('button', { name: 'Remove demo data' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove demo data' }).click();
    await page.getByText('No leads yet').waitFor();
    await another.getByText('No leads yet').waitFor();
    await another.close();
    await page.goto('/scraping');
    await page.getByRole('button', { name: 'Options' }).click();
    await page.getByRole('button', { name: 'Bring the demo back' }).click();
    await page.getByText(/The demo portals are back/).waitFor();
  });
});
