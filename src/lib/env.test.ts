import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_KEPT_DAYS } from './archive/kept-days.ts';
import { type Env, readEnv, SETTING_NAMES } from './env.ts';

describe('readEnv', () => {
  it('reads the key of secrets, and never shows one that it cannot read', () => {
    expect(readEnv({ EKO_SECRET_KEY: 'ab'.repeat(32) }).EKO_SECRET_KEY).toEqual(Buffer.alloc(32, 0xab));
    expect(readEnv({}).EKO_SECRET_KEY).toBeUndefined();
    expect(() => readEnv({ EKO_SECRET_KEY: 'my-hidden-key' })).toThrow(
      /^(?!.*my-hidden-key).*EKO_SECRET_KEY must be 32/s,
    );
  });

  it.each(['dashboard.example.com/api/echo', 'ftp://dashboard.example.com/', 'echo'])(
    'refuses the echo address "%s"',
    (url) => {
      expect(() => readEnv({ EKO_ECHO_URL: url })).toThrow(/EKO_ECHO_URL must be an http or https URL/);
    },
  );

  it('has small, talkative, separate defaults for testing, which the environment goes before', () => {
    expect(readEnv({ EKO_ENV: 'testing' })).toMatchObject({
      NUM_WORKERS: 1,
      WORKER_CONCURRENCY: 1,
      LOG_LEVEL: 'debug',
      EKO_DEMO: false,
      EKO_DATA_DIR: expect.stringMatching(/\.data-testing$/),
    });
    expect(readEnv({ EKO_ENV: 'testing', NUM_WORKERS: '2', LOG_LEVEL: '' })).toMatchObject({
      NUM_WORKERS: 2,
      LOG_LEVEL: 'debug',
    });
    expect(readEnv({ EKO_ENV: 'production' })).toMatchObject({ NUM_WORKERS: 3, LOG_LEVEL: 'info', EKO_DEMO: false });
    expect(readEnv({})).toMatchObject({ EKO_ENV: 'development', EKO_DEMO: true });
    expect(readEnv({ EKO_DEMO: 'false' }).EKO_DEMO).toBe(false);
    expect(() => readEnv({ EKO_ENV: 'staging' })).toThrow(/EKO_ENV = "staging"/);
  });

  it('takes no misspelt setting, but what the parts of the program hand on', () => {
    expect(() => readEnv({ EKO_SECRET_KEYS: 'x' })).toThrow(/did you mean EKO_SECRET_KEY\?/);
    expect(() => readEnv({ EKO_INTERNAL_ECHO_URL: 'http://127.0.0.1:3000/api/echo' })).not.toThrow();
  });

  it("knows the settings of a company's proxy in both spellings, and shows no password of one it cannot read", () => {
    expect(readEnv({ http_proxy: 'proxy.example.com:3128', HTTP_PROXY: 'http://other.example.com' })).toMatchObject({
      HTTP_PROXY: 'proxy.example.com:3128',
    });
    expect(readEnv({ no_proxy: '.example.com' }).NO_PROXY).toBe('.example.com');
    expect(() => readEnv({ HTTPS_PROXY: 'http://ann:hidden@proxy:port' })).toThrow(
      /^(?!.*hidden).*HTTPS_PROXY must be the address of a proxy/s,
    );
  });
});

describe('the address of the database', () => {
  it.each([
    'postgres://ann:hid%2Fden@db.example.com/eko',
    'postgresql://ann@[::1]:5432/eko?sslmode=require',
    'postgres:///eko?host=/var/run/postgresql',
    'postgres://ann:word@/eko?host=/var/run/postgresql',
    'postgres://%2Fvar%2Frun%2Fpostgresql/eko',
  ])('may be %s', (url) => {
    expect(readEnv({ DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });

  it.each([
    'postgres://ann:hid/den@db.example.com/eko',
    'postgres://ann:hidden@db.example.com:port/eko',
    'postgres://[',
  ])('may not be one that nobody can read, and shows no password: %s', (url) => {
    for (const name of ['DATABASE_URL', 'DIRECT_DATABASE_URL']) {
      expect(() => readEnv({ [name]: url })).toThrow(new RegExp(`^(?!.*(?:hid|den)).*${name} .*%2F`, 's'));
    }
  });
});

describe('.env.example', () => {
  const lines = readFileSync('.env.example', 'utf8').matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm);
  const shown = [...lines].map(([, name = '', value = '']) => ({ name, value }));

  it('names every setting once, and nothing else', () => {
    expect(shown.map(({ name }) => name).sort()).toEqual([...SETTING_NAMES].sort());
  });

  it.each(shown)('shows the default of $name, or what it takes where it has none', ({ name, value }) => {
    const key = name as keyof Env;
    const { [key]: standard } = { ...readEnv({}), ...DEFAULT_KEPT_DAYS };
    const { [key]: given } = readEnv({ [name]: value });
    if (standard !== undefined) expect(given).toEqual(standard);
  });
});
