import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiScheduleDetail, ApiScheduleRun } from '#lib/api/schedule.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { addToken } from '../tokens/change-tokens.ts';
import { getSchedule, listSchedules } from './list-schedules.ts';
import { previewSchedule } from './preview-schedule.ts';
import { runSchedule } from './run-schedule.ts';
import { addSchedule, changeSchedule, pauseSchedule, removeSchedule } from './save-schedule.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());
beforeEach(() => server.context.db.query('truncate schedules, schedule_runs, scraping_sessions, session_batches'));

const WEEKDAYS = {
  name: 'Weekdays',
  cron: '0 7 * * 1-5',
  timeZone: 'America/New_York',
  targets: [{ source: 'simulated', location: 'Georgia' }],
};
const FIRST_PAGE = { limit: 50, after: null };
const countSessions = async () =>
  (await server.context.db.query<{ count: number }>('select count(*) from scraping_sessions'))[0]?.count;
const add = (patch: Record<string, unknown> = {}) => addSchedule(server.context, { ...WEEKDAYS, ...patch });

describe('a schedule', () => {
  it('is made with its first run in the future, told in plain words', async () => {
    const beforeMs = Date.now();
    const made = await add({ cron: ' 0  7 * * 1-5 ' });
    expect(made).toMatchObject({
      name: 'Weekdays',
      cron: '0 7 * * 1-5',
      timeZone: 'America/New_York',
      everyMinutes: null,
      batchSize: null,
      description: 'At 07:00, Monday through Friday',
      problem: null,
      catchUp: 'latest',
      allowOverlap: false,
      paused: false,
      lastRun: null,
      runs: [],
    });
    expect(made.next).toHaveLength(5);
    expect(made.nextAt).toBe(made.next[0]);
    expect(Date.parse(made.nextAt ?? '')).toBeGreaterThan(beforeMs);
    expect((await listSchedules(server.context.db, FIRST_PAGE)).items).toMatchObject([{ id: made.id }]);
  });

  it('without a cron text is the simple form: every 10 minutes, 5 targets at a time', async () => {
    const { name, targets } = WEEKDAYS;
    const made = await addSchedule(server.context, { name, targets });
    expect(made).toMatchObject({ everyMinutes: 10, batchSize: 5, cron: null, description: 'Every 10 minutes' });
    const other = await addSchedule(server.context, { name, targets, everyMinutes: 30, batchSize: null });
    expect(other).toMatchObject({ everyMinutes: 30, batchSize: null });
  });

  it('is changed in what is given, and keeps its place unless its rule changes', async () => {
    const made = await add({ jitterSeconds: 60 });
    await server.context.db.query(`update schedules set settled_until = '2020-01-01T00:00:00Z'`);
    const renamed = await changeSchedule(server.context, made.id, { name: 'Other', catchUp: 'all' });
    expect(renamed).toMatchObject({ name: 'Other', catchUp: 'all', jitterSeconds: 60, cron: '0 7 * * 1-5' });
    expect(renamed.nextAt).toBe('2020-01-01T12:00:00.000Z');
    const beforeMs = Date.now();
    const minutes = await changeSchedule(server.context, made.id, { everyMinutes: 15 });
    expect(minutes).toMatchObject({ cron: null, everyMinutes: 15 });
    expect(Date.parse(minutes.nextAt ?? '')).toBeGreaterThan(beforeMs);
  });

  it('goes on from the next occurrence after a pause', async () => {
    const { id } = await add({ cron: null, everyMinutes: 60 });
    expect(await pauseSchedule(server.context, id, true)).toMatchObject({ paused: true, nextAt: null, next: [] });
    await server.context.db.query(`update schedules set settled_until = '2020-01-01T00:00:00Z'`);
    const beforeMs = Date.now();
    const resumed = await pauseSchedule(server.context, id, false);
    expect(resumed.paused).toBe(false);
    expect(Date.parse(resumed.nextAt ?? '')).toBeGreaterThan(beforeMs);
    await expect(pauseSchedule(server.context, id, false)).resolves.toMatchObject({ paused: false });
  });

  it.each([
    ['paused', 'The schedule was paused', (id: number) => pauseSchedule(server.context, id, true)],
    [
      'given another rule',
      'The rule was changed',
      // Nothing more comes due while this test runs.
      (id: number) => changeSchedule(server.context, id, { everyMinutes: 10_080 }),
    ],
  ])('leaves a record of what was due when it is %s, once', async (_, why, act) => {
    const { id } = await add({ cron: null, everyMinutes: 1, catchUp: 'all' });
    const settle = (ago: string) =>
      server.context.db.query(
        `update schedules set settled_until = date_trunc('minute', clock_timestamp()) - $1::interval`,
        [ago],
      );
    await settle('3 minutes');
    await act(id);
    const runs = () => server.context.db.query('select outcome, reason from schedule_runs order by occurrence');
    const due = await runs();
    expect(due.length).toBeGreaterThanOrEqual(3);
    expect(due.length).toBeLessThanOrEqual(4);
    expect(due.every(({ outcome, reason }) => outcome === 'missed' && String(reason).startsWith(why))).toBe(true);
    // Of the time of a pause nothing is recorded.
    await pauseSchedule(server.context, id, true);
    await settle('10 minutes');
    await changeSchedule(server.context, id, { everyMinutes: 2 });
    await pauseSchedule(server.context, id, false);
    expect(await runs()).toHaveLength(due.length);
  });

  it('leaves no more than a hundred records of a long absence when it is paused', async () => {
    const { id } = await add({ cron: null, everyMinutes: 1 });
    await server.context.db.query(`update schedules set settled_until = '2020-01-01T00:00:00Z'`);
    await pauseSchedule(server.context, id, true);
    const runs = await server.context.db.query('select reason from schedule_runs order by occurrence');
    expect(runs).toHaveLength(100);
    expect(runs[0]?.reason).toContain('back to 2020-01-01T00:00Z');
  });

  it('is removed with its records; its sessions stay', async () => {
    const { id } = await add();
    await runSchedule(server.context, id, {});
    await removeSchedule(server.context, id);
    await expect(getSchedule(server.context.db, id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await server.context.db.query('select from schedule_runs')).toEqual([]);
    expect(await countSessions()).toBe(1);
  });

  it('whose rule was broken by hand is listed with what is wrong, and heals by a change', async () => {
    const { id } = await add();
    await server.context.db.query(`update schedules set time_zone = 'Mars/Olympus'`);
    expect(await getSchedule(server.context.db, id)).toMatchObject({
      problem: expect.stringContaining('Mars/Olympus'),
      next: [],
    });
    expect(await changeSchedule(server.context, id, { timeZone: 'Europe/Berlin' })).toMatchObject({ problem: null });
  });

  it.each([
    ['invalid_request', 'cron', { cron: '61 * * * *' }, '"61 * * * *" is not a cron text'],
    ['invalid_request', 'cron', { cron: '0 0 30 2 *' }, 'never comes'],
    ['invalid_request', 'timeZone', { timeZone: 'Mars/Olympus' }, 'IANA name'],
    ['invalid_request', 'cron', { everyMinutes: 5 }, 'either'],
    ['invalid_request', 'everyMinutes', { cron: null, everyMinutes: 0 }, '1 to 10080'],
    ['invalid_request', 'name', { name: ' ' }, 'empty'],
    ['invalid_request', 'targets', { targets: [] }, 'at least one'],
    ['invalid_request', 'catchUp', { catchUp: 'none' }, 'skip, latest, all'],
    ['unknown_source', 'targets.0.source', { targets: [{ source: 'nope', location: 'x' }] }, 'known are permits'],
    [
      'unknown_location',
      'targets.1.location',
      { targets: [WEEKDAYS.targets[0], { source: 'permits', location: 'Atlantis' }] },
      'not a place',
    ],
    [
      'invalid_params',
      'targets.0.params.failureRate',
      { targets: [{ source: 'simulated', location: 'x', params: { failureRate: 2 } }] },
      '0 to 1',
    ],
  ])('is refused with %s naming %s', async (code, field, patch, words) => {
    await expect(add(patch)).rejects.toMatchObject({
      code,
      details: [{ field }],
      message: expect.stringContaining(words),
    });
    expect((await listSchedules(server.context.db, FIRST_PAGE)).items).toEqual([]);
  });

  it('takes and starts a source that only bots know, for any place', async () => {
    await addToken(server.context, { name: 'readers', role: 'bot', sources: ['notices'] });
    const { id } = await add({ targets: [{ source: 'notices', location: 'Anywhere', params: { url: 'x' } }] });
    expect(await runSchedule(server.context, id, {})).toMatchObject({ outcome: 'started', reason: null });
    const rows = await server.context.db.query('select source, location from scraping_sessions');
    expect(rows).toEqual([{ source: 'notices', location: 'Anywhere' }]);
  });

  it('is refused as a change just the same, and stays as it was', async () => {
    const { id } = await add();
    await expect(changeSchedule(server.context, id, { cron: 'x' })).rejects.toMatchObject({
      details: [{ field: 'cron' }],
    });
    await expect(changeSchedule(server.context, id, { color: 'red' })).rejects.toMatchObject({
      details: [{ field: 'color' }],
    });
    await expect(changeSchedule(server.context, 999_999, { name: 'x' })).rejects.toMatchObject({ code: 'not_found' });
    expect(await getSchedule(server.context.db, id)).toMatchObject({ cron: '0 7 * * 1-5' });
  });
});

describe('a run by hand', () => {
  const places = ['A', 'B', 'C'].map((location) => ({ source: 'simulated', location }));

  it('starts the next batch at once, paused or not, with its record', async () => {
    const { id } = await add({ targets: places, batchSize: 2, paused: true, jitterSeconds: 600 });
    const run = await runSchedule(server.context, id, {});
    expect(run).toMatchObject({ outcome: 'started', byHand: true, sessions: 2, reason: null });
    await runSchedule(server.context, id, {});
    const rows = await server.context.db.query('select location, wake_at from scraping_sessions order by id');
    expect(rows.map(({ location }) => location)).toEqual(['A', 'B', 'C', 'A']);
    expect(rows.every(({ wake_at }) => wake_at === null)).toBe(true);
    const detail = await getSchedule(server.context.db, id);
    expect(detail.runs).toHaveLength(2);
    expect(detail.lastRun).toEqual(detail.runs[0]);
    expect(detail.nextAt).toBeNull();
  });

  it('happens once for the same key, also for twenty clicks at once', async () => {
    const { id } = await add();
    const click = () => runSchedule(server.context, id, { idempotencyKey: 'one' });
    const runs: ApiScheduleRun[] = await Promise.all(Array.from({ length: 20 }, click));
    expect(new Set(runs.map(({ batchId }) => batchId)).size).toBe(1);
    expect(await countSessions()).toBe(1);
    expect(await runSchedule(server.context, id, {}, 'two')).not.toMatchObject({ batchId: runs[0]?.batchId });
    expect(await countSessions()).toBe(2);
    await expect(runSchedule(server.context, id, { idempotencyKey: 'one' }, 'two')).rejects.toMatchObject({
      details: [{ field: 'idempotencyKey' }],
    });
  });

  it('makes new sessions, once, for a key whose sessions were pruned', async () => {
    const { id } = await add();
    const click = () => runSchedule(server.context, id, { idempotencyKey: 'one' });
    const first = await click();
    await server.context.db.query('delete from scraping_sessions');
    const runs = await Promise.all(Array.from({ length: 10 }, click));
    expect(new Set(runs.map(({ batchId }) => batchId)).size).toBe(1);
    expect(runs[0]).toMatchObject({ outcome: 'started', sessions: 1 });
    expect(runs[0]?.batchId).not.toBe(first.batchId);
    expect(await countSessions()).toBe(1);
  });

  it('that can start nothing says why', async () => {
    const { id } = await add();
    await server.context.db.query(
      `update schedules set targets = '[{"source": "permits", "location": "Atlantis"}]'::jsonb`,
    );
    expect(await runSchedule(server.context, id, {})).toMatchObject({
      outcome: 'refused',
      sessions: 0,
      reason: expect.stringContaining('"Atlantis"'),
    });
    expect(await countSessions()).toBe(0);
  });
});

describe('a preview', () => {
  const preview = (query: string) => previewSchedule(new URLSearchParams(query));

  it('tells the rule in words with its next five runs', () => {
    const { description, next }: Pick<ApiScheduleDetail, 'description' | 'next'> = preview(
      'cron=30 18 * * *&timeZone=Asia/Kolkata',
    );
    expect(description).toBe('At 18:30');
    expect(next).toHaveLength(5);
    expect(next.every((at) => at.endsWith('T13:00:00.000Z'))).toBe(true);
    expect(preview('everyMinutes=10')).toMatchObject({ description: 'Every 10 minutes', cron: null });
  });

  it.each([
    ['cron=nonsense', 'cron'],
    ['cron=0 7 * * *&timeZone=Nowhere', 'timeZone'],
    ['cron=0 0 31 11 *', 'cron'],
    ['', 'everyMinutes'],
  ])('of "%s" names %s as what is wrong', (query, field) => {
    expect(() => preview(query)).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: [expect.objectContaining({ field })] }),
    );
  });
});
