import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDeadProxy } from '#test/fault-proxy.ts';
import { type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { PROXY_USER, REAL_PROXIES, type RealProxy } from '#test/real-proxies.ts';
import { type SecureSite, startSecureSite } from '#test/secure-site.ts';
import { createTestAuthority } from '#test/test-certificates.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient, type HttpClientOptions } from '../http-client.ts';
import { DIRECT, type Route } from '../route.ts';

const never = new AbortController().signal;
const authority = createTestAuthority();
const NAMES = ['squid', 'tinyproxy', 'danted'] as const;
const CASES = NAMES.flatMap((name) => [
  { name, signIn: false, shown: name },
  { name, signIn: true, shown: `${name} with a password` },
]);

async function resultOf(url: string, options: Partial<HttpClientOptions>, route: Route): Promise<string> {
  const client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', ca: authority.ca, ...options });
  try {
    const outcome = await client.send(
      { url: new URL(url), method: 'GET', headers: {}, timeoutMs: 20_000, route },
      never,
    );
    return outcome.kind === 'response' ? `${outcome.status} ${outcome.body}` : outcome.failure;
  } finally {
    await client.close();
  }
}

// Dante asks the system for passwords; only root can give it some of its own.
const canRun = ({ name, signIn }: (typeof CASES)[number]) =>
  REAL_PROXIES[name] !== null && !(name === 'danted' && signIn && process.getuid?.() !== 0);

describe.each(CASES)('a real $shown', (one) => {
  const start = REAL_PROXIES[one.name];

  describe.skipIf(start === null || !canRun(one))(`(skipped where ${one.name} is not installed)`, () => {
    let proxy: RealProxy;
    let site: FixtureSite;
    let secure: SecureSite;

    beforeAll(async () => {
      if (start === null) throw new Error('skipped');
      proxy = await start(one.signIn);
      site = await startFixtureSite({ '/page': (_request, response) => response.end('hello') });
      secure = await startSecureSite(authority.issue(['127.0.0.1']));
    });

    afterAll(async () => {
      await Promise.all([proxy?.stop(), site?.close(), secure?.close()]);
    });

    const options = () => ({ allow: [proxy.host, site.host, secure.host, '127.0.0.1:1'] });
    const route = (changes = {}): Route => ({ kind: 'proxy', proxy: { id: 1, ...proxy.address, ...changes } });
    /** Runs a request, and waits until the proxy's log tells of `count` more tunnels. */
    const countingTunnels = async (count: number, run: () => Promise<string>) => {
      const before = await proxy.countTunnels();
      const result = await run();
      await waitFor(async () => (await proxy.countTunnels()) >= before + count, { what: 'the log' });
      expect((await proxy.countTunnels()) - before).toBe(count);
      return result;
    };

    it('carries http and https by one tunnel each', async () => {
      const plain = () => resultOf(`${site.origin}/page`, options(), route());
      expect(await countingTunnels(1, plain)).toBe('200 hello');
      const secured = () => resultOf(`https://${secure.host}/`, options(), route());
      expect(await countingTunnels(1, secured)).toBe('200 hello');
    });

    it('is not blamed for more than it says when the site is down', async () => {
      const down = await startDeadProxy('http');
      const url = `http://${down.host}/`;
      const run = () => resultOf(url, { allow: [proxy.host, down.host] }, route());
      expect(await countingTunnels(1, run)).toBe('proxy-refused');
    });

    it.runIf(one.signIn)('tells a wrong password from all else', async () => {
      // Dante lets nobody ask for a tunnel before that.
      const logged = one.name === 'danted' ? 0 : 1;
      for (const changes of [{ password: 'wrong' }, { username: null, password: null }]) {
        const run = () => resultOf(`${site.origin}/page`, options(), route(changes));
        expect(await countingTunnels(logged, run)).toBe('proxy-auth');
      }
    });

    it.runIf(one.name !== 'danted')(
      'forwards plain http as a system proxy, and is found out when it answers itself',
      async () => {
        const { username, password } = PROXY_USER;
        const settings = (user: string) => ({ HTTP_PROXY: `http://${user}${proxy.host}` });
        const systemProxy = settings(one.signIn ? `${username}:${password}@` : '');
        const before = await proxy.countTunnels();
        expect(await resultOf(`${site.origin}/page`, { ...options(), systemProxy }, DIRECT)).toBe('200 hello');
        expect(await resultOf(`${site.origin}/nowhere`, { ...options(), systemProxy }, DIRECT)).toBe('404 ');
        const down = await startDeadProxy('http');
        const allow = [down.host];
        expect(await resultOf(`http://${down.host}/`, { allow, systemProxy }, DIRECT)).toBe('proxy-refused');
        if (one.signIn) {
          for (const wrong of [settings(`${username}:wrong@`), settings('')]) {
            expect(await resultOf(`${site.origin}/page`, { ...options(), systemProxy: wrong }, DIRECT)).toBe(
              'proxy-auth',
            );
          }
        }
        expect(await proxy.countTunnels()).toBe(before);
      },
    );
  });
});
