import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { addPortal } from '../portals/add-portal.ts';
import { addToken } from '../tokens/change-tokens.ts';
import { triggerScrape } from './trigger-scrape.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
  await addPortal(server.context, {
    source: 'permits',
    kind: 'socrata',
    name: 'Sample County Permits',
    state: 'Georgia',
    county: 'Sample',
    url: 'https://data.example.com/resource/abcd-1234.json',
    fields: { id: 'id', date: 'issued', description: 'text', address: 'address', contacts: [] },
  });
});
afterAll(() => server.close());

const countRows = async () =>
  (await server.context.db.query<{ count: number }>('select count(*) from scraping_sessions'))[0]?.count;

describe('triggerScrape', () => {
  it('makes one waiting session per source, with what was asked for', async () => {
    const answer = await triggerScrape(server.context, {
      location: '  Georgia ',
      priority: 5,
      maxRetries: 7,
      params: { maxRows: 10 },
    });
    expect(answer.sessions).toEqual([
      { id: expect.any(Number), source: 'permits', location: 'Georgia', status: 'pending' },
    ]);
    const [row] = await server.context.db.query(
      'select priority, max_retries, params, batch_id from scraping_sessions where id = $1',
      [answer.sessions[0]?.id],
    );
    expect(row).toEqual({ priority: 5, max_retries: 7, params: { maxRows: 10 }, batch_id: answer.batchId });
  });

  it('runs the simulated source only where it is named, for any place', async () => {
    const answer = await triggerScrape(server.context, { location: 'Nowhere', sources: ['simulated'] });
    expect(answer.sessions).toMatchObject([{ source: 'simulated', location: 'Nowhere' }]);
    const refused = triggerScrape(server.context, {
      location: 'Nowhere',
      sources: ['simulated'],
      params: { failureRate: 15 },
    });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_params', details: [{ field: 'params.failureRate' }] });
  });

  it('takes a source that only bots know once a token names it, for any place and with any parameters', async () => {
    const request = { location: 'Nowhere', sources: ['notices'], params: { url: 'https://notices.example.com/' } };
    await expect(triggerScrape(server.context, request)).rejects.toMatchObject({ code: 'unknown_source' });
    await addToken(server.context, { name: 'readers', role: 'bot', sources: ['notices'] });
    const { sessions } = await triggerScrape(server.context, request);
    expect(sessions).toMatchObject([{ source: 'notices', location: 'Nowhere', status: 'pending' }]);
    const usual = await triggerScrape(server.context, { location: 'Georgia' });
    expect(usual.sessions).toMatchObject([{ source: 'permits' }]);
  });

  it('makes no session too many, however often fifty callers at once repeat themselves', async () => {
    const rounds = process.env.LONG_RUN ? 100 : 5;
    const before = (await countRows()) ?? 0;
    for (let round = 0; round < rounds; round += 1) {
      const request = { location: 'Georgia', idempotencyKey: `storm-${round}` };
      const answers = await Promise.all(Array.from({ length: 50 }, () => triggerScrape(server.context, request)));
      expect(new Set(answers.map(({ batchId, sessions }) => `${batchId} ${sessions[0]?.id}`)).size).toBe(1);
    }
    expect(await countRows()).toBe(before + rounds);
  }, 300_000);

  it('gives the same sessions for the same key, in the body or the header, also to fifty callers at once', async () => {
    const before = (await countRows()) ?? 0;
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        index % 2 === 0
          ? triggerScrape(server.context, { location: 'Georgia', idempotencyKey: 'double-click' })
          : triggerScrape(server.context, { location: 'Georgia' }, 'double-click'),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await countRows()).toBe(before + 1);
  });

  it.each([
    ['unknown_location', 'location', { location: 'Atlantis' }, 'not a place'],
    ['unknown_source', 'sources', { location: 'Georgia', sources: ['permits', 'nope'] }, 'known are permits'],
    ['invalid_params', 'params.signal', { location: 'Georgia', params: { signal: 'lottery' } }, 'known are solar'],
    ['invalid_params', 'params.since', { location: 'Georgia', params: { since: '2026-02-31' } }, 'ISO date'],
    ['invalid_params', 'params.color', { location: 'Georgia', params: { color: 'red' } }, 'not a known field'],
    ['invalid_request', 'location', { location: '   ' }, 'place'],
    ['invalid_request', 'location', {}, 'place'],
    ['invalid_request', 'priority', { location: 'Georgia', priority: 101 }, '-100 to 100'],
    ['invalid_request', 'maxRetries', { location: 'Georgia', maxRetries: 21 }, '0 to 20'],
    ['invalid_request', 'sources', { location: 'Georgia', sources: [] }, 'at least one'],
  ])('refuses with %s naming %s, and enqueues nothing', async (code, field, input, words) => {
    const before = await countRows();
    await expect(triggerScrape(server.context, input)).rejects.toMatchObject({
      code,
      details: [{ field }],
      message: expect.stringContaining(words),
    });
    expect(await countRows()).toBe(before);
  });

  it('refuses two different keys', async () => {
    const call = triggerScrape(server.context, { location: 'Georgia', idempotencyKey: 'a' }, 'b');
    await expect(call).rejects.toMatchObject({ details: [{ field: 'idempotencyKey' }] });
  });
});
