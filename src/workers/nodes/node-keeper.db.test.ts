import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createEventPublisher } from '../events.ts';
import { createMachineSampler, type MachineSample, type SampleMachine } from './machine-sampler.ts';
import { NodeKeeper, type SteeredManager } from './node-keeper.ts';
import { PgNodeStore } from './node-store.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** No process has such a number. */
const DEAD_PID = 999_999_999;

const FIGURES = { workers: 1, activeSessions: 0, jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };

/** A keeper that has its manager, and what shares of the slots it lets be used. */
function createKeeper(nodeId: string, sample: SampleMachine) {
  const { db } = database;
  const keeper = new NodeKeeper({
    ...{ nodeId, version: null, configuredWorkers: 1, concurrency: 4, heartbeatMs: 1_000, leaseMs: 30_000 },
    nodes: new PgNodeStore(db),
    events: createEventPublisher(db),
    logger: createLogger('manager', 'silent'),
    sample,
  });
  const shares: number[] = [];
  const manager: SteeredManager = {
    workerCount: 1,
    figures: { ...FIGURES, crashes: 0, errors: 0, warnings: 0 },
    scaleTo: () => {},
    setIntake: (share) => void shares.push(share),
  };
  keeper.steer(manager);
  return { keeper, shares };
}

it('ends its round, and claims nothing, when its paused row is that of a dead manager with another token', async () => {
  const { db } = database;
  await db.query(
    `insert into nodes (node_id, hostname, manager_pid, token_id, mode, configured_workers) values ('roof', $1, $2, 1, 'paused', 1)`,
    [hostname(), DEAD_PID],
  );
  const { keeper, shares } = createKeeper('roof', createMachineSampler({ dataFolder: '/' }));
  await keeper.duty.run(new AbortController().signal);
  expect(new Set(shares)).toEqual(new Set([0]));
  expect(keeper.standstill?.why).toBe('paused by people');
  await db.query(`update nodes set mode = 'active'`);
  await keeper.duty.run(new AbortController().signal);
  expect(shares.at(-1)).toBe(1);
});

it('says why nothing is claimed while the machine is unhealthy, and an order of people before that', async () => {
  const full: Omit<MachineSample, 'atMs'> = {
    ...{ cpuPercent: 5, memoryPercent: 98, diskPercent: 5, diskFreeMb: 100_000, cpuCount: 1, memoryLimitMb: 1_000 },
  };
  let atMs = 0;
  const { keeper, shares } = createKeeper('cellar', async () => {
    atMs += 11_000;
    return { ...full, atMs };
  });
  const { signal } = new AbortController();
  await keeper.duty.run(signal);
  expect(keeper.standstill).toBeNull();
  await keeper.duty.run(signal);
  expect(shares.at(-1)).toBe(0);
  expect(keeper.standstill).toMatchObject({ why: 'unhealthy', resume: expect.stringContaining('Memory is 98 % used') });
  await database.db.query(`update nodes set mode = 'paused' where node_id = 'cellar'`);
  await keeper.duty.run(signal);
  expect(keeper.standstill?.why).toBe('paused by people');
});
