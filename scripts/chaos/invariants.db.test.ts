import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { findViolations, INVARIANTS } from './invariants.ts';

let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
beforeEach(async () => {
  await bed.clear();
  await bed.register('worker');
});
afterAll(() => bed.drop());

const LEAD = `insert into leads (lead_key, session_id, batch_id, source, portal, location, role, source_url, source_row_id, provenance)
  select decode($2, 'hex'), s.id, s.batch_id, s.source, 'portal', s.location, 'owner', 'https://example.com/', 'row', '{}'
  from scraping_sessions s where s.id = $1`;

/** How each of them is broken by hand, in tables that were whole. */
const BREAKAGES: Record<string, (id: number) => Promise<unknown>> = {
  I1: () => bed.start(),
  I2: (id) =>
    bed.db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, started_at, timestamp)
       values ($1, 3, 'permits', 'Georgia', 'lost', now() - interval '1 hour', now())`,
      [id],
    ),
  I3: (id) => bed.db.query('update scraping_sessions set claim_number = claim_number + 1 where id = $1', [id]),
  I4: (id) => bed.db.query(LEAD, [id, '01']),
  I5: (id) => bed.db.query('update scraping_sessions set retry_count = max_retries + 1 where id = $1', [id]),
  I6: (id) => bed.db.query('update scraping_sessions set leads_new = leads_new + 1 where id = $1', [id]),
  I7: (id) =>
    bed.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome, batch_id)
       select n, now(), 'started', s.batch_id from scraping_sessions s, generate_series(1, 2) n where s.id = $1`,
      [id],
    ),
  I8: async () => {
    await bed.start();
    await bed.lapse('worker');
  },
};

describe('the invariants', () => {
  it('hold for sessions that ended in every way', async () => {
    for (const status of ['completed', 'failed', 'cancelled', 'pending'] as const) await bed.bring(status);
    expect(await findViolations(bed.db)).toEqual([]);
  });

  it.each(INVARIANTS.map(({ name }) => name))('%s is found broken when it is', async (name) => {
    const { id } = await bed.bring('completed');
    await BREAKAGES[name]?.(id);
    expect((await findViolations(bed.db)).join()).toContain(`${name} is broken`);
  });
});
