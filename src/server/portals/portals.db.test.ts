import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncPortals } from '#lib/portals/sync-portals.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { addToken } from '../tokens/change-tokens.ts';
import { addPortal } from './add-portal.ts';
import { listPortals } from './list-portals.ts';
import { listSources } from './list-sources.ts';
import { removePortal } from './remove-portal.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext({ EKO_ALLOW_ADDRESSES: '127.0.0.1:9999' });
});
afterAll(() => server.close());

const portal = (name: string, url = 'https://data.example.com/resource/abcd-1234.json') => ({
  source: 'permits',
  kind: 'socrata',
  name,
  state: 'GA',
  url,
  fields: {
    id: ['a', 'b'],
    date: 'issued',
    description: 'text',
    address: 'address',
    contacts: [{ role: 'owner', phone: 'tel' }],
  },
  rateLimit: 5000,
});

describe('portals', () => {
  it('are added, listed, counted and removed', async () => {
    const added = await addPortal(server.context, portal('Here'));
    expect(added).toMatchObject({ id: 'ga-here', origin: 'api', rateLimitMs: 5000, enabled: true });
    expect(await listPortals(server.context.db)).toEqual([added]);
    expect(await listSources(server.context.db)).toMatchObject([
      { source: 'permits', portalCount: 1, config: { rateLimit: 2000 } },
      { source: 'simulated', portalCount: 0, byNameOnly: true },
    ]);
    await addToken(server.context, { name: 'readers', role: 'bot', sources: ['notices', 'permits'] });
    expect((await listSources(server.context.db)).slice(2)).toMatchObject([
      { source: 'notices', label: 'notices', portalCount: 0, byNameOnly: true, botsOnly: true },
    ]);
    await removePortal(server.context, 'ga-here');
    expect(await listPortals(server.context.db)).toEqual([]);
  });

  it('exist once', async () => {
    await addPortal(server.context, portal('Twice'));
    await expect(addPortal(server.context, portal('twice!'))).rejects.toMatchObject({
      code: 'portal_exists',
      details: [{ field: 'name' }],
    });
  });

  it.each([
    'http://127.0.0.1/resource/abcd-1234.json',
    'http://127.0.0.1:9998/resource/abcd-1234.json',
    'http://169.254.169.254/resource/abcd-1234.json',
    'http://[::1]/resource/abcd-1234.json',
    'http://2130706433/resource/abcd-1234.json',
    'http://metadata.google.internal/resource/abcd-1234.json',
    'https://data.example.com:22/resource/abcd-1234.json',
  ])('may not point to "%s"', async (url) => {
    await expect(addPortal(server.context, portal('Inside', url))).rejects.toMatchObject({
      details: [{ field: 'url' }],
    });
  });

  it('may point to a private address that the settings name', async () => {
    await expect(
      addPortal(server.context, portal('Allowed', 'http://127.0.0.1:9999/resource/abcd-1234.json')),
    ).resolves.toBeDefined();
  });

  it('of the program or of a file cannot be removed here, and the answer says why', async () => {
    const builtin = {
      ...(await addPortal(server.context, portal('Shipped'))),
      id: 'ga-builtin',
      origin: 'builtin' as const,
    };
    await syncPortals(server.context.db, [builtin], 'builtin');
    await expect(removePortal(server.context, 'ga-builtin')).rejects.toMatchObject({
      code: 'portal_not_removable',
      message: expect.stringContaining('shipped with the program'),
    });
  });
});
