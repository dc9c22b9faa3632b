import type { Env } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';
import { collectEvents } from '../events.ts';
import { SharedHostPacer } from '../fetch/host-pacer-shared.ts';
import { HttpClient } from '../fetch/http-client.ts';
import { createPageFetcher, type PageFetcher } from '../fetch/page-fetcher.ts';
import { DIRECT } from '../fetch/route.ts';
import { SnapshotStore } from '../pages/snapshot-store.ts';
import type { WorkerPorts } from '../ports/worker-ports.ts';
import type { SendCheck } from '../proxy/proxy-check.ts';
import { SharedProxies } from '../proxy/shared-proxies.ts';
import { userAgent } from '../user-agent.ts';

/** What one worker fetches with. */
export interface Fetching {
  fetcher: PageFetcher;
  proxies: SharedProxies;
  /** Ends checks and connections, and writes what was learnt of proxies. The ports must still be open. */
  close(): Promise<void>;
}

/**
 * Composes the fetch stack of a worker with what it shares with all others.
 * @param localEchoUrl the echo endpoint of this machine's dashboard, where there is one; EKO_ECHO_URL wins over it.
 */
export function composeFetching(env: Env, ports: WorkerPorts, logger: Logger, localEchoUrl?: string): Fetching {
  const pool = composeProxies(env, ports, logger, localEchoUrl);
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = env;
  const fetcher = createPageFetcher({
    pacer: new SharedHostPacer({
      slots: ports.slots,
      onUnwritten: (error) =>
        logger.debug({ err: error }, 'What a request taught us of its host cannot be written yet'),
    }),
    robots: ports.robots,
    userAgent: userAgent(env.EKO_CONTACT),
    logger,
    allowAddresses: env.EKO_ALLOW_ADDRESSES,
    systemProxy: { HTTP_PROXY, HTTPS_PROXY, NO_PROXY },
    proxies: pool.manager,
    snapshots: new SnapshotStore({ rows: ports.snapshots, logger }),
    validators: ports.validators,
  });
  return {
    fetcher,
    proxies: pool.manager,
    async close() {
      await pool.close();
      await fetcher.close();
    },
  };
}

/**
 * The pool, with a client of its own for checks: they alone may ask our echo endpoint, which is on a private address where
 * dashboard and proxies are on one machine.
 */
function composeProxies(env: Env, ports: WorkerPorts, logger: Logger, localEchoUrl: string | undefined) {
  const echoUrl = env.EKO_ECHO_URL ?? localEchoUrl ?? null;
  const echoHost = echoUrl === null ? [] : [hostPortOf(echoUrl)];
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY = '' } = env;
  const client = new HttpClient({
    userAgent: userAgent(env.EKO_CONTACT),
    allow: [...env.EKO_ALLOW_ADDRESSES, ...echoHost],
    // A company's proxy cannot reach this machine's own loopback address.
    systemProxy: { HTTP_PROXY, HTTPS_PROXY, NO_PROXY: env.EKO_ECHO_URL ? NO_PROXY : [NO_PROXY, ...echoHost].join(',') },
  });
  const manager = new SharedProxies({
    store: ports.proxies,
    events: collectEvents(ports.sendEvent),
    key: env.EKO_SECRET_KEY ?? null,
    logger,
    ...(echoUrl === null ? {} : { check: { echoUrl, send: sendCheckThrough(client) } }),
  });
  return {
    manager,
    async close() {
      await manager.stop();
      await client.close();
    },
  };
}

/** Checks are rare and must show the state of the proxy now, so no connection is kept for the next one. */
function sendCheckThrough(client: HttpClient): SendCheck {
  return (url, proxy, timeoutMs, signal) =>
    client.send(
      {
        url: new URL(url),
        method: 'GET',
        headers: { accept: 'application/json' },
        timeoutMs,
        keepAliveMs: 0,
        route: proxy === null ? DIRECT : { kind: 'proxy', proxy },
      },
      signal,
    );
}

function hostPortOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}
