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
    await store.save('permits', URL, '1', FIRST);
    expect(await store.find('permits', URL, '1')).toEqual(FIRST);
    expect(await store.find('permits', URL, '2')).toBeNull();
    expect(await store.find('other', URL, '1')).toBeNull();
    expect(await store.find('permits', `${URL}b`, '1')).toBeNull();
  });

  it('forgets what an earlier read or an earlier parser saw', async () => {
    const store = create();
    await store.save('permits', URL, '1', FIRST);
    await store.save('permits', URL, '2', SECOND);
    expect(await store.find('permits', URL, '2')).toEqual(SECOND);
    expect(await store.find('permits', URL, '1')).toBeNull();
  });
});
