import { Agent } from 'undici';
import { createConnector } from './connect/create-connector.ts';
import type { EndpointGuard } from './connect/endpoint-guard.ts';
import { openPath } from './connect/open-path.ts';
import { OpeningLedger } from './connect/opening-ledger.ts';
import type { Path } from './connect/plan-path.ts';
import type { ResolveHost } from './connect/resolve-host.ts';
import { createSecureSocket, type SecureSocket } from './connect/secure-socket.ts';

export interface AgentCacheOptions {
  guard: EndpointGuard;
  resolve: ResolveHost;
  /** PEM certificates to trust in place of the system's. */
  ca?: string;
  connectTimeoutMs: number;
  /** Of one answer, everything that is no body included. */
  answerBytesMax: number;
  /** In place of the usual number. */
  connectionsMax?: number;
}

export interface ConnectionNeeds {
  path: Path;
  http2: boolean;
  /** How long an idle connection is kept. */
  keepAliveMs: number;
}

export interface CachedAgent {
  agent: Agent;
  ledger: OpeningLedger;
}

/** A pool of proxies is rarely larger; each agent without connections is a few KiB. */
const AGENTS_MAX = 200;

/** Several sessions share a proxy, but nobody fills it. Direct connections are bounded by the pace of their hosts. */
const CONNECTIONS_PER_PROXY = 4;

/** Cookies and policies of real sites pass Node's 16 KiB now and then. */
const HEADERS_BYTES_MAX = 32 * 1024;

/**
 * Keeps one agent, and with it the open connections, for each way to reach sites: an agent per request is eight times slower.
 * The one unused for longest is closed when there are too many, after its running requests.
 */
export class AgentCache {
  readonly #options: AgentCacheOptions;
  readonly #secureProxy: SecureSocket;
  /** By needs, the least recently used first. */
  readonly #agents = new Map<string, CachedAgent>();

  constructor(options: AgentCacheOptions) {
    this.#options = options;
    this.#secureProxy = createSecureSocket(this.#tls(false));
  }

  get(needs: ConnectionNeeds): CachedAgent {
    const key = JSON.stringify(needs);
    const cached = this.#agents.get(key) ?? this.#create(needs);
    this.#agents.delete(key);
    this.#agents.set(key, cached);
    this.#closeOldest();
    return cached;
  }

  /** Ends all connections, those in use too. */
  async destroy(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map(({ agent }) => agent.destroy()));
  }

  #closeOldest(): void {
    if (this.#agents.size <= AGENTS_MAX) return;
    const [oldest] = this.#agents;
    if (oldest === undefined) return;
    this.#agents.delete(oldest[0]);
    // Waits for requests under way; only a second close would reject.
    void oldest[1].agent.close();
  }

  #create({ path, http2, keepAliveMs }: ConnectionNeeds): CachedAgent {
    const { guard, resolve, connectTimeoutMs, answerBytesMax, connectionsMax } = this.#options;
    const connections = connectionsMax ?? (path.kind === 'direct' ? null : CONNECTIONS_PER_PROXY);
    const ledger = new OpeningLedger();
    const connect = createConnector({
      open: openPath(path, { guard, resolve, secureProxy: this.#secureProxy }),
      secure: createSecureSocket(this.#tls(http2)),
      ledger,
      timeoutMs: connectTimeoutMs,
      answerBytesMax,
    });
    const agent = new Agent({
      connect,
      allowH2: http2,
      pipelining: 1,
      maxHeaderSize: HEADERS_BYTES_MAX,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      connections,
    });
    return { agent, ledger };
  }

  #tls(http2: boolean): { http2: boolean; ca?: string } {
    return { http2, ...(this.#options.ca === undefined ? {} : { ca: this.#options.ca }) };
  }
}
