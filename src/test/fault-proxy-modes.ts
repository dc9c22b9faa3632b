import { connect, type Socket } from 'node:net';
import type { ProxyAddress } from '#workers/proxy/proxy-url.ts';
import type { TestCertificate } from './test-certificates.ts';

/** What a proxy does when it is asked for a tunnel. */
export type FaultMode =
  /** Opens it. */
  | 'works'
  /** Accepts the connection and never answers. */
  | 'stalls'
  /** 407; SOCKS: refuses user name and password. */
  | 'refuses-credentials'
  /** 502; SOCKS: answers `replyCode`. */
  | 'bad-gateway'
  /** 403; SOCKS: answers `replyCode`. */
  | 'forbidden'
  /** Closes as soon as it was asked. */
  | 'closes'
  /** Resets the connection as soon as it was asked. */
  | 'resets'
  /** Says 200, then sends `OWN_PAGE` in the same breath. */
  | 'page-in-tunnel'
  /** Answers everything, CONNECT too, with status 200 and `OWN_PAGE` as a proper body. */
  | 'own-page'
  /** Answers CONNECT with the head of a page, and sends `OWN_PAGE` as an answer of its own once the client speaks. */
  | 'page-when-asked'
  /** Answers in no protocol at all. */
  | 'garbage'
  /** Sends its answer byte by byte, and never ends it. */
  | 'drips'
  /** Never ends its answer, as fast as it can. */
  | 'endless-header'
  /** Opens the tunnel and closes it at once. */
  | 'dies-after-tunnel'
  /** Opens the tunnel and closes it after `dieAfterBytes` from the site. */
  | 'dies-mid-body'
  /** SOCKS: none of the offered methods is good enough. */
  | 'no-method'
  /** SOCKS: sends half of its reply and stays silent. */
  | 'half-reply';

/** Never to be seen in a response. */
export const OWN_PAGE = '<html><title>Welcome to the proxy</title>This page is not the one you asked for.</html>';

export interface FaultProxyOptions {
  mode?: FaultMode;
  /** Asked for when set. */
  credentials?: { username: string; password: string };
  dieAfterBytes?: number;
  /** SOCKS: RFC 1928 section 6. */
  replyCode?: number;
  /** Makes an https proxy of an http one. */
  tls?: TestCertificate;
  /** Where `host:port` is really found: the proxy's own DNS. */
  hosts?: Record<string, string>;
}

export interface FaultProxy {
  /** As a route wants it, with the credentials that are asked for. */
  address: ProxyAddress;
  /** `host:port`, as an allow list wants it. */
  host: string;
  /** May be changed while it runs. */
  options: FaultProxyOptions & { mode: FaultMode };
  /** The `host:port` of every tunnel that was asked for. */
  tunnels: string[];
  /** The first line of every other request. */
  forwarded: string[];
  /** Connections that were ever accepted. */
  connections: number;
  /** Connections that are open now. */
  open: Set<Socket>;
  close(): Promise<void>;
}

/** Connects to a target by the proxy's own DNS. Null: the target refused. */
export function connectTarget(target: string, proxy: FaultProxy): Promise<Socket | null> {
  const found = proxy.options.hosts?.[target] ?? target;
  const colon = found.lastIndexOf(':');
  const host = found.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect(Number(found.slice(colon + 1)), host, () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}

/** Lets bytes through both ways, as far as the mode says. */
export function joinSockets(client: Socket, target: Socket, proxy: FaultProxy): void {
  const { mode, dieAfterBytes = 0 } = proxy.options;
  client.on('close', () => target.destroy());
  target.on('close', () => client.destroy());
  client.pipe(target);
  if (mode !== 'dies-mid-body') {
    target.pipe(client);
    return;
  }
  let left = dieAfterBytes;
  target.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (left > 0) client.write(part);
    else client.write(part, () => client.destroy());
  });
}
