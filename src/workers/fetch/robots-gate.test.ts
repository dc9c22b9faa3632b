import { afterEach, expect, it } from 'vitest';
import { createFetchBed, newSession } from '#test/fetch-bed.ts';
import { LocalRobotsStore } from './robots-store.ts';

const bed = createFetchBed();
afterEach(() => bed.close());

/** A store that counts how often each host's rules are looked up. */
class CountingStore extends LocalRobotsStore {
  readonly finds = new Map<string, number>();
  override find(origin: string) {
    const host = new URL(origin).hostname;
    this.finds.set(host, (this.finds.get(host) ?? 0) + 1);
    return super.find(origin);
  }
}

it.each([
  ['keeps the rules of many hosts at hand', 1, 1],
  // One rule of seven bytes takes three hundred in memory.
  ['keeps no more of them than fit into its memory, where they are long', 70_000, 2],
])('%s', async (_, rules, findsOfFirst) => {
  const site = await bed.startSite({
    '/robots.txt': (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/plain' }).end(`User-agent: *\n${'Allow:/\n'.repeat(rules)}`),
    '/*': (_request, response) => void response.end('page'),
  });
  const port = site.host.split(':')[1];
  const hosts = Array.from({ length: 12 }, (_, index) => `h${index}.example`);
  const robots = new CountingStore();
  const fetcher = bed.newFetcher([], {
    robots,
    allowAddresses: hosts.map((host) => `${host}:${port}`),
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  for (const host of [...hosts, hosts[0], hosts.at(-1)]) {
    await fetcher.fetchPage(`http://${host}:${port}/`, {}, newSession());
  }
  // Each is looked up before it is fetched; once more where it was forgotten.
  expect(robots.finds.get('h0.example')).toBe(findsOfFirst);
  expect(robots.finds.get('h11.example')).toBe(1);
  expect(site.paths().filter((path) => path === '/robots.txt')).toHaveLength(12);
});
