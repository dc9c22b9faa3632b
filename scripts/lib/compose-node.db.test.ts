import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnv } from '#lib/env.ts';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createEventPublisher } from '#workers/events.ts';
import { PgNodeStore } from '#workers/nodes/node-store.ts';
import { composeNode } from './compose-node.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it.each([
  [{}, /^npx eko nodes resume office$/],
  [
    { EKO_SERVER_URL: 'https://dashboard.example.com' },
    /^on \/workers, or where the database is: npx eko nodes resume office$/,
  ],
])('a paused machine with %j says what ends that, where it can be done', async (settings, resume) => {
  const { db } = database;
  const env = readEnv({ NODE_ID: 'office', ...settings });
  const options = { configuredWorkers: 1, version: '1.0.0', nodes: new PgNodeStore(db) };
  const node = composeNode(env, { ...options, events: createEventPublisher(db) }, silentLogger());
  const figures = { workers: 1, activeSessions: 0, jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };
  node.steer({
    workerCount: 1,
    figures: { ...figures, crashes: 0, errors: 0, warnings: 0 },
    scaleTo: () => {},
    setIntake: () => {},
  });
  const { signal } = new AbortController();
  await node.duty.run(signal);
  await db.query(`update nodes set mode = 'paused'`);
  await node.duty.run(signal);
  expect(node.standstill?.resume).toMatch(resume);
});
