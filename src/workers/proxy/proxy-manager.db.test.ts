import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { ProxyManager } from './proxy-manager.ts';
import { ProxyPool } from './proxy-pool.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it('opens', async () => {
  const proxies = new ProxyManager({ db: test.db, key: randomBytes(32), logger: silentLogger() });
  expect(await proxies.addProxy('http://user:hidden@proxy.example.com:8080')).toMatchObject({ status: 'testing' });
  expect(new ProxyPool({ db: test.db, key: null })).toBeDefined();
  await proxies.stop();
});
