import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '#test/postgres.ts';
import { BUILTIN_PORTALS } from './builtin-portals.ts';
import { syncPortals } from './sync-portals.ts';

let test: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const listIds = async () =>
  (await test.db.query<{ id: string }>('select id from portals order by id')).map(({ id }) => id);

describe('portals in the database', () => {
  it('become equal to the list, keep what a person switched off, and leave other origins alone', async () => {
    const [first, second] = BUILTIN_PORTALS;
    if (!first || !second) throw new Error('no builtin portals');
    await syncPortals(test.db, [first, second], 'builtin');
    await test.db.query('update portals set enabled = false where id = $1', [first.id]);
    await syncPortals(test.db, [{ ...second, name: 'Mine' }], 'file');
    await syncPortals(test.db, [{ ...first, note: 'new' }], 'builtin');
    expect(await listIds()).toEqual([first.id]);
    const [row] = await test.db.query('select enabled, note, fields from portals');
    expect(row).toMatchObject({ enabled: false, note: 'new', fields: first.fields });
  });

  it('may be written by several processes at once', async () => {
    await Promise.all([1, 2, 3].map(() => syncPortals(test.db, BUILTIN_PORTALS, 'builtin')));
    expect(await listIds()).toHaveLength(BUILTIN_PORTALS.length);
  });
});
