import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { ProxyManager } from './proxy-manager.ts';
import { decryptSecret } from './secret-box.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it('adds a proxy once, keeps its password encrypted, and never shows it', async () => {
  const key = randomBytes(32);
  const proxies = new ProxyManager({ db: test.db, key });
  const added = await proxies.addProxy('http://user:hidden@proxy.example:8080');
  expect(added).toMatchObject({
    host: 'proxy.example',
    port: 8080,
    username: 'user',
    hasPassword: true,
    status: 'testing',
  });
  expect((await proxies.addProxy('http://user@proxy.example:8080')).id).toBe(added.id);
  await proxies.addProxy('socks5://proxy.example');
  const listed = await proxies.listProxies();
  expect(listed.map((proxy) => proxy.protocol)).toEqual(['http', 'socks5']);
  expect(JSON.stringify(listed)).not.toContain('hidden');
  const [row] = await test.db.query<{ password_encrypted: string }>(
    'select password_encrypted from proxy_pool where id = $1',
    [added.id],
  );
  expect(row?.password_encrypted).not.toContain('hidden');
  expect(decryptSecret(row?.password_encrypted ?? '', key)).toBe('hidden');
});
