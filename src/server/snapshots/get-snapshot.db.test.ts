import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { getSnapshot } from './get-snapshot.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());

const SIGNATURE = 'a1'.repeat(32);
const keep = (signature: string, expiresIn: string) =>
  server.context.db.query(
    `insert into page_snapshots (signature, expires_at, seen_count, status, source, url, verdict, evidence, headers, body)
     values ($1, clock_timestamp() + $2::interval, 3, 403, 'permits', 'https://example.com/', 'blocked',
       '[{"rule":"akamai-block","weight":3,"detail":"title"}]', '{"server":"x"}', '<script>alert(1)</script>')`,
    [signature, expiresIn],
  );

describe('getSnapshot', () => {
  it('gives the page as it is kept, as data', async () => {
    await keep(SIGNATURE, '1 day');
    expect(await getSnapshot(server.context.db, SIGNATURE)).toEqual({
      signature: SIGNATURE,
      takenAt: expect.stringMatching(/Z$/),
      lastSeenAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      seenCount: 3,
      status: 403,
      source: 'permits',
      url: 'https://example.com/',
      verdict: 'blocked',
      evidence: [{ rule: 'akamai-block', weight: 3, detail: 'title' }],
      headers: { server: 'x' },
      body: '<script>alert(1)</script>',
    });
  });

  it('says of one that has expired, or never was, that it is not kept', async () => {
    const expired = 'b2'.repeat(32);
    await keep(expired, '-1 second');
    for (const signature of [expired, 'c3'.repeat(32)]) {
      await expect(getSnapshot(server.context.db, signature)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it.each([undefined, '', 'abc', SIGNATURE.toUpperCase(), `${SIGNATURE}0`, "' or 1=1"])(
    'refuses %j',
    async (signature) => {
      await expect(getSnapshot(server.context.db, signature)).rejects.toMatchObject({
        code: 'invalid_request',
        details: [{ field: 'signature' }],
      });
    },
  );
});
