import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadPublisher, startBadPublisher } from '#test/bad-publisher.ts';
import { waitFor } from '#test/wait-for.ts';
import { startBrowser } from './browser.ts';
import { expectNoViolationsInBoth } from './expect-no-violations.ts';
import { type StartedApp, startApp } from './started-app.ts';

const ROWS = 57;
/** No multiple of it is the number of rows, and it is far below what is asked for. */
const CAP = 10;
const THROTTLED = { status: 429, body: '{}', headers: { 'retry-after': '1' } };

const today = new Date().toISOString().slice(0, 10);
const permits = Array.from({ length: ROWS }, (_, index) => ({
  _id: index + 1,
  OBJECTID: index + 1,
  ':id': `row-${String(index + 1).padStart(4, '0')}`,
  id: index + 1,
  date: today,
  description: 'Re-roof',
  address: `${index + 1} Acorn Ave`,
}));

let app: StartedApp;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let publishers: Record<'socrata' | 'arcgis' | 'ckan', BadPublisher>;

beforeAll(async () => {
  publishers = {
    socrata: await startBadPublisher('socrata', { rows: permits, cap: CAP, interruptions: { 3: THROTTLED } }),
    arcgis: await startBadPublisher('arcgis', {
      rows: permits,
      cap: CAP,
      ignoresOffset: true,
      interruptions: { 4: { status: 200, body: '{"error":{"code":500,"message":"Broken","details":[]}}' } },
    }),
    ckan: await startBadPublisher('ckan', { rows: permits, cap: CAP, interruptions: { 2: THROTTLED } }),
  };
  const hosts = Object.values(publishers).map((publisher) => publisher.host);
  [app, browser] = await Promise.all([startApp({ EKO_ALLOW_ADDRESSES: hosts.join(',') }), startBrowser()]);
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
}, 360_000);

afterAll(async () => {
  await browser?.close();
  await app?.stop();
  await Promise.all(Object.values(publishers ?? {}).map((publisher) => publisher.close()));
}, 90_000);

async function sessionEnd(id: number): Promise<{ status: string; leadsFound: number }> {
  return await waitFor(
    async () => {
      const { body } = await app.call(`/api/sessions/${id}`);
      const session = body as { status: string; leadsFound: number };
      return ['completed', 'failed', 'cancelled'].includes(session.status) && session;
    },
    { timeoutMs: 90_000 },
  );
}

describe('a first visit', () => {
  it('finds every page closed without a sign-in', async () => {
    for (const route of ['/', '/scraping', '/leads', '/workers', '/scraping/1', '/leads/1']) {
      const visitor = await browser.newContext();
      const visit = await visitor.newPage();
      await visit.goto(`${app.origin}${route}`);
      expect(new URL(visit.url()).pathname, route).toBe('/sign-in');
      await visitor.close();
    }
    expect((await fetch(`${app.origin}/api/leads`)).status).toBe(401);
  });

  it('is signed in by the printed link, once', async () => {
    await page.goto(app.signInLink);
    expect(new URL(page.url()).pathname).toBe('/scraping');
    expect((await fetch(app.signInLink, { redirect: 'manual' })).headers.get('location')).toContain('problem=used');
  });

  it('starts a scrape by keyboard alone and watches leads arrive', async () => {
    await page.getByLabel('Location').first().focus();
    await page.keyboard.type('Cicada County');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /Cicada County/ }).waitFor();
    await sessionEnd(1);
    await page.getByRole('table').getByText('Completed').waitFor();
    await page.goto(`${app.origin}/leads`);
    await page.getByText('Demo', { exact: true }).first().waitFor();
    const first = page.getByRole('table').getByRole('link').first();
    const name = (await first.textContent()) ?? '';
    await first.click();
    await page.getByRole('heading', { name }).waitFor();
  }, 120_000);

  it.each([['/scraping'], ['/scraping/1'], ['/leads'], ['/leads/1'], ['/workers'], ['/sign-in']])(
    'has nothing that axe objects to on %s, light and dark',
    async (route) => {
      await expectNoViolationsInBoth(page, route, async () => {
        await page.goto(`${app.origin}${route}`);
        await page.getByRole('heading').first().waitFor();
      });
    },
  );

  it.each([['/scraping'], ['/scraping/1'], ['/leads'], ['/workers']])('fits %s into 320 pixels', async (route) => {
    await page.setViewportSize({ width: 320, height: 700 });
    await page.goto(`${app.origin}${route}`);
    await page.getByRole('heading').first().waitFor();
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

describe('a portal added through the API', () => {
  const urls = {
    socrata: (origin: string) => `${origin}/resource/abcd-1234.json`,
    arcgis: (origin: string) => `${origin}/arcgis/rest/services/Permits/FeatureServer/0`,
    ckan: (origin: string) => `${origin}/api/3/action/datastore_search?resource_id=permits`,
  };

  it.each([['socrata'], ['arcgis'], ['ckan']] as const)(
    'is read whole although its %s server misbehaves',
    async (kind) => {
      const id = { socrata: 'id', arcgis: 'OBJECTID', ckan: '_id' }[kind];
      const added = await app.call('/api/portals', {
        method: 'POST',
        body: {
          source: 'permits',
          kind,
          name: `Misbehaving ${kind}`,
          state: 'TX',
          city: `Faraway ${kind}`,
          url: urls[kind](publishers[kind].origin),
          fields: { id, date: 'date', description: 'description', address: 'address', contacts: [] },
          rateLimit: 50,
        },
      });
      expect(added.status).toBe(201);
      const { status, body } = await app.call('/api/scraping/trigger', {
        method: 'POST',
        body: { location: `Faraway ${kind}, TX` },
      });
      expect(status).toBe(202);
      const session = (body as { sessions: { id: number }[] }).sessions[0];
      expect(await sessionEnd(session?.id ?? 0)).toMatchObject({ status: 'completed', leadsFound: ROWS });
      const leads = await app.call(`/api/leads?sessionId=${session?.id}&limit=200`);
      const rowIds = (leads.body as { items: { sourceRowId: string }[] }).items.map((lead) => Number(lead.sourceRowId));
      expect(rowIds.sort((a, b) => a - b)).toEqual(permits.map((row) => row.id));
    },
    120_000,
  );
});
