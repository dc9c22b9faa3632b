import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors.ts';
import { deriveKey } from '#lib/secret-key.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { insertProxies } from '#test/proxy-rows.ts';
import { PasswordSafe } from './password-safe.ts';
import { readPool } from './pool-snapshot.ts';
import { ProxyPool } from './proxy-pool.ts';
import { PgProxyStore } from './proxy-store.ts';
import { decryptSecret } from './secret-box.ts';

const key = randomBytes(32);
let test: TestDatabase;
let pool: ProxyPool;
beforeAll(async () => {
  test = await createTestDatabase();
  pool = new ProxyPool({ db: test.db, key, allowAddresses: ['127.0.0.1:3128'] });
});
beforeEach(() => test.db.query('truncate proxy_pool, proxy_host_bans'));
afterAll(() => test.drop());

const rowOf = async (id: number) => {
  const [row] = await test.db.query<{ password_encrypted: string; status: string; tier: number }>(
    'select * from proxy_pool where id = $1',
    [id],
  );
  return row;
};

describe('add', () => {
  it('keeps the password encrypted, and never gives it back', async () => {
    const added = await pool.add('http://user:hidden@proxy.example.com:8080');
    expect(added).toMatchObject({ host: 'proxy.example.com', username: 'user', hasPassword: true, status: 'testing' });
    expect(JSON.stringify(added)).not.toContain('hidden');
    const sealed = (await rowOf(added.id))?.password_encrypted ?? '';
    expect(sealed).not.toContain('hidden');
    expect(decryptSecret(sealed, deriveKey(key, 'proxy-passwords'))).toBe('hidden');
  });

  it('adds a proxy once; a new password and tier replace the old ones, and the password is tried at once', async () => {
    const first = await pool.add('http://user:old@proxy.example.com:8080', 2);
    await test.db.query(`update proxy_pool set status = 'failed', next_check_at = now() + interval '1 day'`);
    const again = await pool.add('http://user@proxy.example.com:8080');
    expect(again).toMatchObject({ id: first.id, isNew: false, hasPassword: true, tier: 2, status: 'failed' });
    const renewed = await pool.add('http://user:new@proxy.example.com:8080', 1);
    expect(renewed).toMatchObject({ id: first.id, isNew: false, tier: 1 });
    expect(await rowOf(first.id)).toMatchObject({ status: 'testing', tier: 1 });
    const snapshot = await readPool(new PgProxyStore({ db: test.db, checkIntervalMs: 60_000 }), new PasswordSafe(key));
    expect(snapshot.proxies.get(first.id)?.endpoint).toMatchObject({ username: 'user', password: 'new' });
    expect((await pool.add('http://other@proxy.example.com:8080')).isNew).toBe(true);
  });

  it.each([
    'http://127.0.0.1:8080',
    'http://169.254.169.254:80',
    'socks5://[::1]:1080',
    'http://[::ffff:10.0.0.1]:3128',
    'http://2130706433:3129',
    'socks5://0x7f.1:1080',
    'https://metadata.google.internal',
    'http://localhost:3128',
    'http://intranet:3128',
    'not a proxy',
  ])('refuses "%s"', async (url) => {
    await expect(pool.add(url)).rejects.toBeInstanceOf(InvalidInputError);
    expect(await test.db.query('select 1 from proxy_pool')).toEqual([]);
  });

  it('takes a private address that the settings name', async () => {
    await expect(pool.add('http://127.0.0.1:3128')).resolves.toMatchObject({ isNew: true });
  });

  it('says without a key that a password cannot be kept, and takes proxies that have none', async () => {
    const keyless = new ProxyPool({ db: test.db, key: null });
    await expect(keyless.add('http://user:hidden@proxy.example.com:8080')).rejects.toThrow(
      /^(?!.*hidden).*EKO_SECRET_KEY/,
    );
    await expect(keyless.add('http://user@proxy.example.com:8080')).resolves.toMatchObject({ hasPassword: false });
  });
});

describe('addList', () => {
  it('adds what can be used, counts what was known, and tells the rest by line', async () => {
    await pool.add('http://a.example.com:80');
    const result = await pool.addList(
      [
        '# mine',
        'a.example.com:80',
        'b.example.com:80:user:first',
        'b.example.com:80:user:second',
        'http://10.1.2.3:3128',
        'c.example.com:port:user:hidden',
        'socks5://d.example.com',
      ].join('\n'),
      7,
    );
    expect(result).toMatchObject({ added: 2, known: 2 });
    expect(result.problems.map(({ line }) => line)).toEqual([5, 6]);
    expect(JSON.stringify(result)).not.toMatch(/hidden|first|second/);
    const { proxies } = await readPool(
      new PgProxyStore({ db: test.db, checkIntervalMs: 60_000 }),
      new PasswordSafe(key),
    );
    const found = [...proxies.values()].map(({ endpoint, tier }) => [endpoint.host, endpoint.password, tier]);
    expect(found).toEqual([
      ['a.example.com', null, 7],
      ['b.example.com', 'second', 7],
      ['d.example.com', null, 7],
    ]);
  });

  it('takes thousands at once, and none twice', async () => {
    const list = Array.from({ length: 3_000 }, (_, index) => `p${index}.example.com:80:user:pw${index}`).join('\n');
    expect(await pool.addList(list)).toEqual({ added: 3_000, known: 0, problems: [] });
    expect(await pool.addList(list)).toEqual({ added: 0, known: 3_000, problems: [] });
  });

  it('of nothing is nothing', async () => {
    expect(await pool.addList('\n# nothing\n')).toEqual({ added: 0, known: 0, problems: [] });
  });
});

describe('a change by hand', () => {
  it('disables, enables, tests, moves and removes; what is not there is told', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    expect(await pool.disable(id)).toBe('disabled');
    expect(await pool.checkNow(id)).toBe('disabled');
    expect(await pool.enable(id)).toBe('testing');
    await test.db.query(`update proxy_pool set status = 'active', next_check_at = now() + interval '1 hour'`);
    expect(await pool.checkNow(id)).toBe('active');
    expect(await test.db.query('select 1 from proxy_pool where next_check_at <= now()')).toHaveLength(1);
    expect(await pool.setTier(id, 5)).toBe(true);
    expect(await rowOf(id)).toMatchObject({ tier: 5 });
    await test.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, until, reason) values ($1, 'example.com', now(), 'x')`,
      [id],
    );
    expect(await pool.remove(id)).toBe(true);
    expect(await test.db.query('select 1 from proxy_host_bans')).toEqual([]);
    expect([await pool.remove(id), await pool.setTier(id, 1)]).toEqual([false, false]);
    expect([await pool.disable(id), await pool.enable(id), await pool.checkNow(id)]).toEqual([null, null, null]);
  });
});

describe('a pool on a machine with another key', () => {
  it('gives the proxies that it can read, and counts the others', async () => {
    const open = await pool.add('http://open.example.com:80');
    await pool.add('http://user:hidden@closed.example.com:80');
    for (const otherKey of [null, randomBytes(32)]) {
      const snapshot = await readPool(
        new PgProxyStore({ db: test.db, checkIntervalMs: 60_000 }),
        new PasswordSafe(otherKey),
      );
      expect([...snapshot.proxies.keys()]).toEqual([open.id]);
      expect(snapshot.unreadable).toBe(1);
    }
  });
});
