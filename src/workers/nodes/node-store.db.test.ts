import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { type BeatNodeOptions, type NodeBeat, PgNodeStore } from './node-store.ts';

const LEASE_MS = 30_000;

const BEAT: NodeBeat = {
  nodeId: 'node-a',
  hostname: 'host-a',
  managerPid: 100,
  version: '1.2.3',
  status: 'healthy',
  statusReasons: [],
  configuredWorkers: 3,
  activeWorkers: 2,
  activeSessions: 5,
  concurrency: 4,
  cpuPercent: 12.5,
  memoryPercent: 40,
  diskPercent: null,
  cpuCount: 1.5,
  memoryLimitMb: 2_048,
  errors: 1,
  warnings: 2,
  leaseMs: LEASE_MS,
};

let database: TestDatabase;
let nodes: PgNodeStore;
beforeAll(async () => {
  database = await createTestDatabase();
  nodes = new PgNodeStore(database.db);
});
afterAll(() => database.drop());
beforeEach(() => database.db.query('delete from nodes'));

const beat = (patch: Partial<NodeBeat> = {}, options: Partial<BeatNodeOptions> = {}) =>
  nodes.beat({ ...BEAT, ...patch }, { first: false, deadPid: null, ...options });

const sweep = () => nodes.sweep();

const silentFor = (seconds: number, nodeId = 'node-a') =>
  database.db.query('update nodes set last_seen_at = now() - make_interval(secs => $1) where node_id = $2', [
    seconds,
    nodeId,
  ]);

async function row(nodeId = 'node-a'): Promise<Record<string, unknown> | undefined> {
  const [found] = await database.db.query(
    `select *, status_since < now() - interval '1 minute' as status_is_old, started_at < now() - interval '1 minute' as start_is_old
     from nodes where node_id = $1`,
    [nodeId],
  );
  return found;
}

const age = () =>
  database.db.query(
    `update nodes set status_since = now() - interval '1 hour', started_at = now() - interval '1 hour'`,
  );

describe('beatNode', () => {
  it('registers a machine, renews its row, and brings what people want of it', async () => {
    expect(await beat({}, { first: true })).toEqual({
      kind: 'written',
      wish: { mode: 'active', desiredWorkers: null },
    });
    expect(await row()).toMatchObject({
      hostname: 'host-a',
      manager_pid: 100,
      configured_workers: 3,
      active_sessions: 5,
      cpu_percent: 12.5,
      disk_percent: null,
      cpu_count: 1.5,
      errors: 1,
    });
    await database.db.query(`update nodes set mode = 'paused', desired_workers = 7`);
    expect(await beat({ activeSessions: 0 })).toEqual({
      kind: 'written',
      wish: { mode: 'paused', desiredWorkers: 7 },
    });
    expect(await row()).toMatchObject({ active_sessions: 0 });
  });

  it('remembers since when a machine has its status', async () => {
    await beat();
    await age();
    await beat();
    expect(await row()).toMatchObject({ status_is_old: true, start_is_old: true });
    await beat({ status: 'degraded', statusReasons: ['Memory, says "it"'] });
    expect(await row()).toMatchObject({
      status_is_old: false,
      start_is_old: true,
      status_reasons: ['Memory, says "it"'],
    });
  });

  it('leaves the row of another living manager alone, and names it', async () => {
    await beat();
    const other = { hostname: 'host-b', managerPid: 7, activeWorkers: 9 };
    expect(await beat(other)).toEqual({
      kind: 'taken',
      owner: { hostname: 'host-a', managerPid: 100 },
      wish: { mode: 'active', desiredWorkers: null },
      lastSeenAt: expect.any(Date),
    });
    expect(await row()).toMatchObject({ hostname: 'host-a', active_workers: 2 });
    // Also one of the same machine.
    expect(await beat({ managerPid: 101 })).toMatchObject({ kind: 'taken' });
  });

  it('takes over from a manager that has been silent for a lease, was stopped, or is known to be dead, with what people want', async () => {
    const next = { hostname: 'host-b', managerPid: 7 };
    await beat();
    await database.db.query(`update nodes set mode = 'draining'`);
    await age();
    await silentFor(31);
    expect(await beat(next, { first: true })).toEqual({
      kind: 'written',
      wish: { mode: 'draining', desiredWorkers: null },
    });
    expect(await row()).toMatchObject({ hostname: 'host-b', start_is_old: false });
    await nodes.leave({ nodeId: 'node-a', ...next });
    expect(await row()).toMatchObject({ status: 'gone', active_workers: 0 });
    expect(await beat()).toMatchObject({ kind: 'written' });
    expect(await beat({ managerPid: 101 }, { deadPid: 100 })).toMatchObject({ kind: 'written' });
  });

  it('believes what is said of a living machine only with its own token', async () => {
    await beat({}, { tokenId: 1 });
    for (const tokenId of [2, null]) {
      expect(await beat({}, { tokenId })).toMatchObject({ kind: 'taken' });
      expect(await beat({ managerPid: 101 }, { tokenId, deadPid: 100 })).toMatchObject({ kind: 'taken' });
      await nodes.leave({ nodeId: 'node-a', hostname: 'host-a', managerPid: 100, tokenId });
    }
    expect(await row()).toMatchObject({ status: 'healthy', manager_pid: 100, token_id: 1 });
    await nodes.leave({ nodeId: 'node-a', hostname: 'host-a', managerPid: 100, tokenId: 1 });
    expect(await beat({}, { tokenId: 2 })).toMatchObject({ kind: 'written' });
    expect(await row()).toMatchObject({ status: 'healthy', token_id: 2 });
  });

  it('does not say that a machine has left which another manager has taken over', async () => {
    await beat();
    await nodes.leave({ nodeId: 'node-a', hostname: 'host-b', managerPid: 100 });
    expect(await row()).toMatchObject({ status: 'healthy' });
  });
});

describe('sweepSilentNodes', () => {
  it('marks a machine as gone after two leases and deletes it after 5 minutes', async () => {
    await beat();
    await silentFor(45);
    expect(await sweep()).toEqual({ gone: [], deleted: [] });
    await silentFor(61);
    expect(await sweep()).toEqual({ gone: ['node-a'], deleted: [] });
    expect(await row()).toMatchObject({ status: 'gone', active_sessions: 0 });
    expect(await sweep()).toEqual({ gone: [], deleted: [] });
    await silentFor(301);
    expect(await sweep()).toEqual({ gone: [], deleted: ['node-a'] });
    expect(await row()).toBeUndefined();
  });

  it('keeps for a week what people want of a machine that is switched off', async () => {
    for (const nodeId of ['paused', 'scaled', 'plain']) await beat({ nodeId });
    await database.db.query(`update nodes set mode = 'paused' where node_id = 'paused'`);
    await database.db.query(`update nodes set desired_workers = 1 where node_id = 'scaled'`);
    for (const nodeId of ['paused', 'scaled', 'plain']) await silentFor(6 * 24 * 3_600, nodeId);
    expect(await sweep()).toEqual({ gone: expect.arrayContaining(['paused', 'scaled']), deleted: ['plain'] });
    for (const nodeId of ['paused', 'scaled']) await silentFor(8 * 24 * 3_600, nodeId);
    expect((await sweep()).deleted.toSorted()).toEqual(['paused', 'scaled']);
  });

  it('leaves living machines alone, and may be done by many at once', async () => {
    await beat();
    await beat({ nodeId: 'node-b' });
    await silentFor(400, 'node-b');
    const answers = await Promise.all(Array.from({ length: 8 }, sweep));
    expect(answers.flatMap(({ deleted }) => deleted)).toEqual(['node-b']);
    expect(await row()).toMatchObject({ status: 'healthy' });
  });
});
