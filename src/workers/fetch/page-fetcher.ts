import type { Logger } from '#lib/logger.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { SnapshotStore } from '../pages/snapshot-store.ts';
import type { ValidatorStore } from '../pages/validator-store.ts';
import type { ProxyRoutes } from '../proxy/proxy-routes.ts';
import type { ResolveHost } from './connect/resolve-host.ts';
import type { SystemProxySettings } from './connect/system-proxy.ts';
import type { BodyLimits } from './exchange.ts';
import type { FetchSession } from './fetch-session.ts';
import type { HostPacer } from './host-pacer.ts';
import { HttpClient } from './http-client.ts';
import { PacedClient } from './paced-client.ts';
import { PageFetch } from './page-fetch.ts';
import { PageJudge } from './page-judge.ts';
import { PATIENCE, type Patience } from './result-policy.ts';
import { RobotsGate } from './robots-gate.ts';
import type { RobotsStore } from './robots-store.ts';

export type { FetchSession } from './fetch-session.ts';

export interface PageFetcherDeps {
  pacer: HostPacer;
  robots: RobotsStore;
  /** Such as `EkoLeadBot/0.1 (+contact)`; its first token is the one that robots.txt is searched for. */
  userAgent: string;
  logger: Logger;
  /** EKO_ALLOW_ADDRESSES and the demo server: `host:port` that may be asked although it is not public. */
  allowAddresses?: readonly string[];
  limits?: Partial<BodyLimits>;
  /** In place of the system's DNS. */
  resolve?: ResolveHost;
  /** The proxy of the company that runs this machine. */
  systemProxy?: SystemProxySettings;
  /** The pool, for sources with `useProxy`. Without it their sessions wait. */
  proxies?: ProxyRoutes;
  /** Keeps the first page of each kind of failure. */
  snapshots?: Pick<SnapshotStore, 'save'>;
  /** Makes `conditional` requests possible; without it every page is read whole. */
  validators?: Pick<ValidatorStore, 'find'>;
  patience?: Patience;
}

export interface PageFetcher {
  /**
   * Fetches one page: address guard, robots.txt, the host's pace, the request, the verdict, and tries again where that helps.
   * @throws error classes of lib/errors.ts, the reason of the session's signal, and the error of a statement where the shared
   *   pace or robots.txt cannot be asked for: with a database that is away, asking again is safe.
   */
  fetchPage(url: string, options: FetchPageOptions, session: FetchSession): Promise<FetchedPage>;
  close(): Promise<void>;
}

/** Builds the whole fetch stack. One per worker: it holds the connections and what is known of robots.txt. */
export function createPageFetcher(deps: PageFetcherDeps): PageFetcher {
  const allow = deps.allowAddresses ?? [];
  const { pacer } = deps;
  const http = new HttpClient({
    userAgent: deps.userAgent,
    allow,
    ...(deps.limits ? { limits: deps.limits } : {}),
    ...(deps.resolve ? { resolve: deps.resolve } : {}),
    ...(deps.systemProxy ? { systemProxy: deps.systemProxy } : {}),
  });
  const client = new PacedClient(pacer, http, deps.proxies ?? null);
  const gate = new RobotsGate({
    store: deps.robots,
    client,
    pacer,
    productToken: deps.userAgent.split('/')[0] ?? deps.userAgent,
    allow,
  });
  const judge = new PageJudge(deps.snapshots ?? null);
  const parts = {
    gate,
    client,
    pacer,
    judge,
    allow,
    validators: deps.validators ?? null,
    patience: deps.patience ?? PATIENCE,
  };
  deps.logger.debug({ userAgent: deps.userAgent, allowAddresses: allow }, 'The fetch stack is ready');
  return {
    fetchPage: async (url, options, session) => await new PageFetch(parts, url, options, session).run(),
    close: () => client.close(),
  };
}
