import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { LocalValidatorStore, PgValidatorStore, type ValidatorStore } from './validator-store.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const URL = `https://example.com/${'a'.repeat(5_000)}`;
const FIRST = { etag: '"1"', lastModified: 'Tue, 01 Sep 2026 10:00:00 GMT', bodyHash: 'a'.repeat(64) };
const SECOND = { etag: null, lastModified: null, bodyHash: 'b'.repeat(64) };

describe.each<[string, () => ValidatorStore]>([
  ['PgValidatorStore', () => new PgValidatorStore(database.db)],
  ['LocalValidatorStore', () => new LocalValidatorStore()],
])('%s', (_name, create) => {
  it('knows a page again only for the same source, address and version of the parser', async () => {
    const store = create();
    expect(await store.find('permits', URL, '1')).toBeNull();
    await store.save([{ source: 'permits', url: URL, parserVersion: '1', validators: FIRST }]);
    expect(await store.find('permits', URL, '1')).toEqual(FIRST);
    expect(await store.find('permits', URL, '2')).toBeNull();
    expect(await store.find('other', URL, '1')).toBeNull();
    expect(await store.find('permits', `${URL}b`, '1')).toBeNull();
  });

  it('keeps the last of several reads of one page', async () => {
    const store = create();
    const read = (validators: typeof FIRST | typeof SECOND) => ({
      source: 'permits',
      url: 'https://example.com/twice',
      parserVersion: '1',
      validators,
    });
    await store.save([read(FIRST), read(SECOND)]);
    expect(await store.find('permits', 'https://example.com/twice', '1')).toEqual(SECOND);
  });

  it('forgets what an earlier read or an earlier parser saw', async () => {
    const store = create();
    await store.save([{ source: 'permits', url: URL, parserVersion: '1', validators: FIRST }]);
    await store.save([{ source: 'permits', url: URL, parserVersion: '2', validators: SECOND }]);
    expect(await store.find('permits', URL, '2')).toEqual(SECOND);
    expect(await store.find('permits', URL, '1')).toBeNull();
  });
});
