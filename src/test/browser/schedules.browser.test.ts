import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { startBrowser } from './browser.ts';
import { expectNoViolations, expectNoViolationsInBoth } from './expect-no-violations.ts';
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
  // Without workers: what a schedule starts stays as it is.
  const started = startApp({ DATABASE_URL: database.url, NUM_WORKERS: '0', EKO_DEMO: 'false' });
  [app, browser] = await Promise.all([started, startBrowser()]);
  context = await browser.newContext({
    baseURL: app.origin,
    reducedMotion: 'reduce',
    timezoneId: 'America/New_York',
  });
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
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const row = (name: string): Locator => page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
const actOn = async (name: string, action: string): Promise<void> => {
  await page
    .getByRole('button', { name: `Actions for ${name}` })
    .first()
    .click();
  await page.getByRole('menuitem', { name: action }).click();
};

describe('the schedules page', () => {
  it('says what schedules are when there are none', async () => {
    await page.goto('/schedules');
    await page.getByText('No schedules yet').waitFor();
    await expectNoViolations(page, '/schedules, empty');
  });

  it('previews a rule while it is typed, says what is wrong beside its field, and makes the schedule', async () => {
    await page.goto('/schedules');
    await page.getByRole('button', { name: 'New schedule' }).click();
    const preview = page.getByRole('status', { name: 'Preview' });
    await preview.getByText('At 07:00, Monday through Friday').waitFor();
    expect(await preview.getByRole('listitem').count()).toBe(5);
    await preview
      .getByText(/07:00 E[SD]T/)
      .first()
      .waitFor();
    await expectNoViolations(page, 'the dialog of a new schedule');

    // A click beside the dialog does not throw away what is filled in.
    await page.mouse.click(4, 4);
    await field('Cron text').fill('61 * * * *');
    await preview.getByText(/"61 \* \* \* \*" is not a cron text/).waitFor();
    await field('Cron text').fill('30 18 * * *');
    await preview.getByText('At 18:30').waitFor();

    await field('Name').fill('Every evening');
    await page.getByRole('combobox', { name: 'Place of line 1' }).fill('Atlantis');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText(/"Atlantis" is not a place that is covered/).waitFor();

    await page.locator('input[aria-label="Source of line 1"]').click();
    await page.getByRole('option', { name: 'Simulated' }).click();
    await page.getByRole('button', { name: 'Create' }).click();
    await row('Every evening').getByText('At 18:30').waitFor();
    await row('Every evening')
      .getByText(/18:30 E[SD]T/)
      .waitFor();
    await row('Every evening').getByText('not yet').waitFor();
  });

  it('runs one at once, and leads to its sessions', async () => {
    await page.goto('/schedules');
    await actOn('Every evening', 'Run now');
    await row('Every evening').getByText('Started').waitFor();
    await row('Every evening').getByRole('link', { name: '1 session' }).click();
    await page.waitForURL(/\/scraping\?batchId=/);
    await page.getByRole('link', { name: 'Atlantis' }).first().waitFor();
  });

  it('says what did not work, readably', async () => {
    await page.goto('/schedules');
    const refusal = { error: { code: 'internal', message: 'It broke.' } };
    await page.route('**/pause', (route) => route.fulfill({ status: 500, json: refusal }));
    await actOn('Every evening', 'Pause');
    await page.getByRole('alert').getByText('It broke.').waitFor();
    await expectNoViolations(page, 'a notice', ['button-name', 'color-contrast']);
  });

  it('tells the history of one, pauses it and lets it go on', async () => {
    await page.goto('/schedules');
    await page.getByRole('link', { name: 'Every evening' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Every evening' }).waitFor();
    const history = page.getByRole('region', { name: 'History' });
    await history.getByText('Started').first().waitFor();
    await history.getByText('by hand').first().waitFor();
    expect(await page.getByRole('list', { name: 'Next runs' }).getByRole('listitem').count()).toBe(5);
    await actOn('Every evening', 'Pause');
    await page.getByText('None while it is paused.').waitFor();
    await actOn('Every evening', 'Resume');
    await page.getByRole('list', { name: 'Next runs' }).waitFor();
  });

  it('changes one to the simple form', async () => {
    await page.goto('/schedules');
    await actOn('Every evening', 'Edit…');
    await field('Name').fill('Every quarter');
    await page.getByText('Every so many minutes').click();
    await field('Minutes').fill('15');
    await page.getByRole('status', { name: 'Preview' }).getByText('Every 15 minutes').waitFor();
    await page.getByRole('button', { name: 'Add a place' }).click();
    await page.getByRole('combobox', { name: 'Place of line 2' }).fill('Elsewhere');
    await page.getByRole('button', { name: 'Options' }).click();
    await field('Places per run').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    await row('Every quarter').getByText('Every 15 minutes').waitFor();
    await row('Every quarter').getByText('1 of 2 targets a run').waitFor();
  });

  it('shows why a run did not start', async () => {
    await database.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome, reason)
       select id, clock_timestamp(), 'overlapped', 'An earlier run was not finished yet.' from schedules`,
    );
    await page.goto('/schedules');
    await row('Every quarter').getByText('Passed over').waitFor();
    await page.getByRole('link', { name: 'Every quarter' }).first().click();
    await page.getByText('An earlier run was not finished yet.').first().waitFor();
  });

  it('is readable in light and dark, and on a phone', async () => {
    const [schedule] = await database.db.query<{ id: number }>('select id from schedules');
    for (const address of ['/schedules', `/schedules/${schedule?.id}`]) {
      await expectNoViolationsInBoth(page, address, async () => {
        await page.goto(address);
        await page.getByText('Every quarter').first().waitFor();
      });
      await page.setViewportSize({ width: 320, height: 700 });
      await page.goto(address);
      await page.getByText('Every quarter').filter({ visible: true }).first().waitFor();
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `${address} in 320 pixels`).toBeLessThanOrEqual(0);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  });

  it('deletes one after asking', async () => {
    await page.goto('/schedules');
    await actOn('Every quarter', 'Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the schedule' }).click();
    await page.getByText('No schedules yet').waitFor();
    await page.goto('/schedules/999999');
    await page.getByRole('heading', { name: /There is no schedule/ }).waitFor();
  });
});
