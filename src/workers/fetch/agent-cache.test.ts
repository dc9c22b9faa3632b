import { afterEach, describe, expect, it } from 'vitest';
import { startFaultProxy } from '#test/fault-proxy.ts';
import type { FaultProxy } from '#test/fault-proxy-modes.ts';
import { type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { waitFor } from '#test/wait-for.ts';
import { HttpClient } from './http-client.ts';
import type { Route } from './route.ts';

const never = new AbortController().signal;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Each user name is another way to go, although it is one proxy. */
const routeOf = ({ address }: FaultProxy, number: number): Route => ({
  kind: 'proxy',
  proxy: { ...address, id: number, username: `user${number}` },
});

describe('AgentCache', () => {
  it('keeps two hundred ways open, and closes the one that was not used for longest, but never under a request', async () => {
    let finish = () => {};
    const site: FixtureSite = await startFixtureSite({
      '/page': (_request, response) => response.end('hello'),
      '/slow': (_request, response) => {
        finish = () => response.end('late');
      },
    });
    const proxy = await startFaultProxy('http');
    const client = new HttpClient({ userAgent: 'EkoLeadBot/0.1', allow: [site.host, proxy.host] });
    open.push(site, proxy, client);
    const ask = (number: number, path = '/page') =>
      client.send(
        {
          url: new URL(path, site.origin),
          method: 'GET',
          headers: {},
          timeoutMs: 30_000,
          keepAliveMs: 60_000,
          route: routeOf(proxy, number),
        },
        never,
      );
    const slow = ask(0, '/slow');
    await waitFor(() => site.paths().includes('/slow'), { what: 'the slow request' });
    for (let number = 1; number < 200; number += 1) await ask(number);
    expect(proxy.open.size).toBe(200);
    await ask(1);
    expect(proxy.tunnels).toHaveLength(200);
    // The first way is the oldest, and in use; the next to go is the third, since the second has just been used.
    await ask(200);
    await ask(201);
    await waitFor(() => proxy.open.size === 201, { what: 'the idle connection to be closed' });
    finish();
    expect(await slow).toMatchObject({ kind: 'response', body: Buffer.from('late') });
    await waitFor(() => proxy.open.size === 200, { what: 'the connection of the slow request to be closed' });
    await ask(1);
    expect(proxy.tunnels).toHaveLength(202);
    await ask(2);
    expect(proxy.tunnels).toHaveLength(203);
  });
});
