import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPortals } from '#demo/demo-portals.ts';
import { listEnabledPortals } from '#lib/portals/list-enabled-portals.ts';
import { syncPortals } from '#lib/portals/sync-portals.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { moveWatermarks, PgPortalStore } from './portal-store.ts';
import { JobQueue } from './queue/job-queue.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const mark = (readUntil: string) => ({ portalId: 'p', scope: 'any', readUntil: new Date(readUntil) });

describe('portal store', () => {
  it('lists the enabled portals of a source as they were synced', async () => {
    const portals = demoPortals('http://127.0.0.1:4010');
    await syncPortals(database.db, portals, 'demo');
    await database.db.query('update portals set enabled = false where id = $1', [portals[0]?.id]);
    const listed = await listEnabledPortals(database.db, 'permits');
    expect(listed).toHaveLength(portals.length - 1);
    expect(listed).toEqual(expect.arrayContaining(portals.slice(1)));
    expect(await listEnabledPortals(database.db, 'other')).toEqual([]);
  });

  it('moves watermarks on, never back', async () => {
    expect(await new PgPortalStore(database.db).findWatermark('p', 'any')).toBeNull();
    await moveWatermarks(database.db, 1, [mark('2026-03-01'), mark('2026-02-01')]);
    await moveWatermarks(database.db, 2, [mark('2026-01-01')]);
    expect(await new PgPortalStore(database.db).findWatermark('p', 'any')).toEqual(new Date('2026-03-01'));
    await moveWatermarks(database.db, 3, [mark('2026-04-01')]);
    expect(await new PgPortalStore(database.db).findWatermark('p', 'any')).toEqual(new Date('2026-04-01'));
    expect(await new PgPortalStore(database.db).findWatermark('p', 'solar')).toBeNull();
  });

  it('moves no watermark of a portal that belongs to another source', async () => {
    const [portal] = demoPortals('http://127.0.0.1:4010');
    await syncPortals(database.db, portal ? [portal] : [], 'demo');
    const { sessions } = await new JobQueue({ db: database.db }).enqueue([
      { source: 'other', location: 'Georgia' },
      { source: 'permits', location: 'Georgia' },
    ]);
    const readUntil = new Date('2026-03-01');
    for (const [index, expected] of [null, readUntil].entries()) {
      await moveWatermarks(database.db, sessions[index]?.id ?? 0, [
        { portalId: portal?.id ?? '', scope: 's', readUntil },
      ]);
      expect(await new PgPortalStore(database.db).findWatermark(portal?.id ?? '', 's')).toEqual(expected);
    }
  });
});
