import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { startBrowser } from './browser.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { type StartedApp, startApp } from './started-app.ts';

const PAGE_MS = 30_000;

let database: TestDatabase;
let app: StartedApp;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  database = await createTestDatabase();
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
  await page.goto('/workers');
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const panel = (title: string) => page.getByRole('region', { name: title, exact: true });

/** What a bot does with the token that the page showed. */
async function callAsBot(route: string, token: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${app.origin}${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

describe('bots on the page Workers', () => {
  it('are added with a token that is shown once, appear by themselves, and are removed', async () => {
    await panel('Bots').getByText('No bot is registered').waitFor();
    // As on a page that came over plain HTTP from another machine.
    await page.evaluate('delete Navigator.prototype.clipboard');
    await panel('Bots').getByRole('button', { name: 'Add a bot' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Notice readers');
    await dialog.getByRole('textbox', { name: 'Sources' }).fill('notices, tenders');
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    await dialog.getByText('Copy the token now').waitFor();
    await expectNoViolations(page, 'a token that was made');
    const text = (await dialog.textContent()) ?? '';
    const token = /eko_[\w-]{43}/.exec(text)?.[0] ?? '';
    expect(text).toContain('--source notices --source tenders');
    await dialog.getByRole('button', { name: 'Copy the token' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();

    expect((await callAsBot('/api/bots/register', token, { name: 'Night reader' })).status).toBe(201);
    await panel('Bots').getByText('Night reader', { exact: true }).first().waitFor();
    await panel('Tokens').getByRole('cell', { name: 'notices, tenders' }).waitFor();
    expect(await page.content()).not.toContain(token);
    await expectNoViolations(page, '/workers with a bot and a token');

    await panel('Bots').getByRole('button', { name: 'Remove Night reader' }).first().click();
    await page.getByRole('button', { name: 'Remove the bot' }).click();
    await panel('Bots').getByText('No bot is registered').waitFor();
  });

  it('have sources that people can start, when they choose them', async () => {
    await page.goto('/scraping');
    const form = page.getByRole('form', { name: 'Start a scrape' });
    const notices = form.getByRole('checkbox', { name: 'notices' });
    expect(await notices.isChecked()).toBe(false);
    expect(await form.getByRole('checkbox', { name: 'Building Permits' }).isChecked()).toBe(true);
    await notices.check();
    await form.getByRole('checkbox', { name: 'Building Permits' }).uncheck();
    await form.getByRole('combobox', { name: 'Location' }).fill('Anywhere');
    await form.getByRole('button', { name: 'Start' }).click();
    await page.getByText('Started: Anywhere').waitFor();

    // The answer is lost on its way, although the server did what was asked.
    await page.route('**/api/scraping/trigger', (route) => route.fetch().then(() => route.abort()), { times: 1 });
    const location = form.getByRole('combobox', { name: 'Location' });
    await location.fill('Once only');
    await form.getByRole('button', { name: 'Start' }).click();
    await form.getByText('The server does not answer', { exact: false }).waitFor();
    // Asked once more; meanwhile the next place is typed.
    await page.route('**/api/scraping/trigger', async (route) => {
      await location.fill('The next place');
      await route.continue();
    });
    await form.getByRole('button', { name: 'Start' }).click();
    await page.getByText('Started: Once only').waitFor();
    expect(await location.inputValue()).toBe('The next place');
    const [started] = await database.db.query(
      `select count(*) as count from scraping_sessions where location = 'Once only'`,
    );
    expect(started).toEqual({ count: 1 });

    // What can be done with it changes with its state, and the keyboard stays on it.
    await page.getByRole('link', { name: 'Once only' }).first().click();
    await page.getByRole('button', { name: 'Cancel', exact: true }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the session' }).press('Enter');
    await page.locator('button:focus', { hasText: 'Retry' }).press('Enter');
    await page.locator('button:focus', { hasText: 'Cancel' }).waitFor();
  });

  it('say beside the field what is wrong with it', async () => {
    await panel('Bots').getByRole('button', { name: 'Add a bot' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('x');
    await dialog.getByRole('textbox', { name: 'Sources' }).fill('Not A Name');
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    await dialog.getByText('must be a name of lower-case letters', { exact: false }).waitFor();
  });

  it('are refused as soon as their token is revoked', async () => {
    await panel('Tokens').getByRole('button', { name: 'Make a token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Reports');
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    await dialog.getByText('Copy the token now').waitFor();
    const token = /eko_[\w-]{43}/.exec((await dialog.textContent()) ?? '')?.[0] ?? '';
    await dialog.getByRole('button', { name: 'Done' }).click();
    const ask = () => fetch(`${app.origin}/api/sessions`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    await panel('Tokens').getByRole('button', { name: 'Revoke Reports' }).click();
    await page.getByRole('button', { name: 'Revoke the token' }).click();
    await panel('Tokens').getByText('Reports', { exact: true }).waitFor({ state: 'detached' });
    expect((await ask()).status).toBe(401);
  });
});
