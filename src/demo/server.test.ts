import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPortals } from './demo-portals.ts';
import { type DemoServer, startDemoServer } from './server.ts';

let server: DemoServer;
beforeAll(async () => {
  server = await startDemoServer({ rows: 1_000 });
});
afterAll(() => server.close());

const portalUrl = (kind: string): string =>
  demoPortals(server.origin).find((portal) => portal.kind === kind)?.url ?? '';

async function getJson(url: string): Promise<{ status: number; body: Record<string, never> & unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

/** Every row that a walk by offset yields; `read` says where an answer keeps them. */
async function walk<Row>(address: (offset: number) => string, read: (body: never) => Row[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const page = read((await getJson(address(rows.length))).body as never);
    if (page.length === 0) return rows;
    rows.push(...page);
  }
}

describe('the demo server', () => {
  it('serves every row of its ArcGIS layer once, in pages smaller than asked for, and counts them', async () => {
    const url = `${portalUrl('arcgis')}/query?where=1%3D1&outFields=OBJECTID&resultRecordCount=5000&f=json`;
    const rows = await walk(
      (offset) => `${url}&resultOffset=${offset}`,
      (body: { features: { attributes: { OBJECTID: number } }[] }) =>
        body.features.map((row) => row.attributes.OBJECTID),
    );
    expect(new Set(rows).size).toBe(500);
    expect(rows).toHaveLength(500);
    expect((await getJson(`${url}&returnCountOnly=true`)).body).toEqual({ count: 500 });
  });

  it('serves every row of its Socrata table once', async () => {
    const rows = await walk(
      (offset) => `${portalUrl('socrata')}?$select=row_id&$limit=50000&$offset=${offset}`,
      (body: { row_id: string }[]) => body.map((row) => row.row_id),
    );
    expect(new Set(rows).size).toBe(300);
    expect(rows).toHaveLength(300);
  });

  it('serves every row of its CKAN resource once', async () => {
    const rows = await walk(
      (offset) => `${portalUrl('ckan')}&limit=32000&offset=${offset}`,
      (body: { result: { records: { _id: number }[] } }) => body.result.records.map((row) => row._id),
    );
    expect(new Set(rows).size).toBe(200);
    expect(rows).toHaveLength(200);
  });

  it.each([
    [
      'arcgis',
      (since: string) =>
        `/query?f=json&returnCountOnly=true&where=${encodeURIComponent(`issuedDateTime >= DATE '${since}'`)}`,
    ],
    [
      'arcgis',
      (since: string) =>
        `/query?f=json&returnCountOnly=true&where=${encodeURIComponent(`issuedDateTime >= timestamp '${since} 00:00:00'`)}`,
    ],
  ])('filters by date in the words of %s', async (kind, query) => {
    const since = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
    const { body } = await getJson(portalUrl(kind) + query(since));
    const { count } = body as unknown as { count: number };
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(150);
  });

  it('sorts and searches when asked to', async () => {
    const newest = await getJson(`${portalUrl('socrata')}?$select=issue_date&$order=issue_date%20DESC&$limit=5`);
    const dates = (newest.body as unknown as { issue_date: string }[]).map((row) => row.issue_date);
    expect(dates).toEqual(dates.toSorted().reverse());
    const { body } = await getJson(`${portalUrl('ckan')}&q=reroof&limit=0`);
    const found = (body as unknown as { result: { total: number; records: unknown[] } }).result;
    expect(found.total).toBeGreaterThan(0);
    expect(found.total).toBeLessThan(100);
    expect(found.records).toEqual([]);
    const counted = await getJson(`${portalUrl('socrata')}?$select=count(*)`);
    expect(counted.body).toEqual([{ count: '300' }]);
  });

  it('takes long questions as a form', async () => {
    const response = await fetch(`${portalUrl('arcgis')}/query`, {
      method: 'POST',
      body: new URLSearchParams({ where: '1=1', returnIdsOnly: 'true', f: 'json' }),
    });
    const { objectIds } = (await response.json()) as { objectIds: number[] };
    expect(objectIds).toHaveLength(500);
  });

  it.each([
    ['arcgis', '/query?f=json'],
    ['arcgis', '/query?f=json&where=1=1&outFields=nope'],
    ['arcgis', '/query?f=json&where=1=1&orderByFields=nope'],
    ['arcgis', '/query?f=json&where=1=1&resultOffset=-1'],
    ['socrata', '?$select=nope'],
    ['socrata', '?$order=nope'],
    ['socrata', '?$limit=many'],
    ['ckan', '&sort=nope%20asc'],
    ['ckan', '&filters=%7Bnope'],
    ['ckan', '&filters=%7B"nope":1%7D'],
    ['ckan', '&fields=nope'],
  ])('tells %s about the mistake in "%s"', async (kind, query) => {
    const { status, body } = await getJson(portalUrl(kind) + query);
    expect(status).toBe({ arcgis: 200, socrata: 400, ckan: 409 }[kind]);
    expect(body).toHaveProperty('error');
  });

  it('keeps a log of what it was asked, and has its own robots.txt', async () => {
    const robots = await fetch(`${server.origin}/robots.txt`);
    expect(await robots.text()).toContain('Disallow: /private/');
    expect(server.requests.at(-1)).toMatchObject({ url: '/robots.txt', status: 200 });
  });

  it('breaks off, answers 500 or something else than data when told to', async () => {
    server.setFault({ publisher: '*', kind: 'drop' });
    await expect(fetch(portalUrl('socrata'))).rejects.toThrow();
    server.setFault({ publisher: '*', kind: 'error' });
    expect((await getJson(portalUrl('socrata'))).status).toBe(500);
    server.setFault({ publisher: '*', kind: 'layout-change' });
    expect(await getJson(portalUrl('socrata'))).toMatchObject({ status: 200, body: { entries: [] } });
    server.setFault({ publisher: 'cicada-county', kind: 'error' });
    expect((await getJson(portalUrl('socrata'))).status).toBe(200);
    server.clearFaults();
  });

  it('answers a condition that it cannot read with an error of the dialect', async () => {
    const arcgis = await getJson(`${portalUrl('arcgis')}/query?f=json&where=DROP`);
    expect(arcgis).toMatchObject({ status: 200, body: { error: { code: 400 } } });
    const socrata = await getJson(`${portalUrl('socrata')}?$where=nonsense%20>%201`);
    expect(socrata).toMatchObject({ status: 400, body: { error: true } });
  });

  it('meets exactly as many requests with a fault as it was told to', async () => {
    server.setFault({ publisher: 'lantern-springs', kind: 'throttle', requests: 2, retryAfterSeconds: 7 });
    const statuses = [];
    for (let index = 0; index < 3; index += 1) {
      const response = await fetch(portalUrl('socrata'));
      statuses.push([response.status, response.headers.get('retry-after')]);
    }
    expect(statuses).toEqual([
      [429, '7'],
      [429, '7'],
      [200, null],
    ]);
  });

  it('takes faults over HTTP and refuses what is none', async () => {
    const post = (body: string) => fetch(`${server.origin}/_demo/faults`, { method: 'POST', body });
    expect((await post('{"kind":"error-in-body","publisher":"pinehollow-county"}')).status).toBe(200);
    expect(await getJson(portalUrl('ckan'))).toMatchObject({ status: 200, body: { success: false } });
    expect((await post('{"kind":"fire"}')).status).toBe(400);
    expect((await post('not json')).status).toBe(400);
  });

  it('makes the same people from the same seed', async () => {
    const now = new Date('2026-01-01T00:00:00Z');
    const [first, second] = await Promise.all([1, 2].map(() => startDemoServer({ rows: 50, seed: 7, now })));
    expect(first?.rows).toEqual(second?.rows);
    await Promise.all([first?.close(), second?.close()]);
  });
});
