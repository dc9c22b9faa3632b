import type { Socket } from 'node:net';
import { dripBytes, writeEndlessly } from './endless-bytes.ts';
import { connectTarget, type FaultMode, type FaultProxy, joinSockets, OWN_PAGE } from './fault-proxy-modes.ts';

interface ProxyRequest {
  /** `host:port`. */
  target: string;
  /** Null for CONNECT; else what the site is to be sent. */
  forward: string | null;
  socket: Socket;
  proxy: FaultProxy;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
const PROPER_PAGE = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${OWN_PAGE.length}\r\n\r\n${OWN_PAGE}`;

/** Reads one request and answers it in the proxy's mode. */
export function speakHttpProxy(socket: Socket, proxy: FaultProxy): void {
  let head = '';
  const onData = (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', onData);
    const request = readRequest(head, socket, proxy);
    if (isSignedIn(head, proxy)) ANSWERS[proxy.options.mode](request);
    else refuse(request, '407 Proxy Authentication Required', 'proxy-authenticate: Basic realm="test"\r\n');
  };
  socket.on('data', onData);
}

const ANSWERS: Record<FaultMode, (request: ProxyRequest) => void> = {
  works: (request) => void openTunnel(request),
  stalls: () => {},
  'refuses-credentials': (request) =>
    refuse(request, '407 Proxy Authentication Required', 'proxy-authenticate: Basic realm="test"\r\n'),
  'bad-gateway': (request) => refuse(request, '502 Bad Gateway', 'server: tinyproxy/1.11\r\n'),
  forbidden: (request) => refuse(request, '403 Forbidden'),
  closes: ({ socket }) => socket.end(),
  resets: ({ socket }) => socket.resetAndDestroy(),
  'page-in-tunnel': ({ socket }) => socket.write(`${ESTABLISHED}${PROPER_PAGE}`),
  'own-page': ({ socket }) => socket.write(PROPER_PAGE),
  'page-when-asked': ({ socket }) => {
    socket.write(PROPER_PAGE.slice(0, -OWN_PAGE.length));
    socket.once('data', () => socket.write(PROPER_PAGE));
  },
  garbage: ({ socket }) => socket.write('220 mail.example.com ESMTP\r\n\r\n'),
  drips: ({ socket }) => dripBytes(socket, 'HTTP/1.1 200 Connection established, but not yet, '),
  'endless-header': ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    writeEndlessly(socket, Buffer.from('x-more: of the same\r\n'.repeat(100)));
  },
  'dies-after-tunnel': ({ socket }) => socket.end(ESTABLISHED),
  'dies-mid-body': (request) => void openTunnel(request),
  // They exist in SOCKS alone.
  'no-method': ({ socket }) => socket.end(),
  'half-reply': ({ socket }) => socket.write('HTTP/1.1 200 Conn'),
};

async function openTunnel(request: ProxyRequest): Promise<void> {
  const { socket, target, forward, proxy } = request;
  const site = await connectTarget(target, proxy);
  if (site === null) return refuse(request, '503 Service Unavailable', 'server: tinyproxy/1.11\r\n');
  if (forward === null) socket.write(ESTABLISHED);
  else site.write(forward, 'latin1');
  joinSockets(socket, site, proxy);
}

function refuse({ socket }: ProxyRequest, status: string, headers = ''): void {
  socket.end(`HTTP/1.1 ${status}\r\n${headers}content-length: ${OWN_PAGE.length}\r\n\r\n${OWN_PAGE}`);
}

/** Notes the request, and turns `GET http://host/path` into what the site itself is asked. */
function readRequest(head: string, socket: Socket, proxy: FaultProxy): ProxyRequest {
  const [, method, target = ''] = /^(\S+) (\S+)/.exec(head) ?? [];
  if (method === 'CONNECT') {
    proxy.tunnels.push(target);
    return { target, forward: null, socket, proxy };
  }
  proxy.forwarded.push(`${method} ${target}`);
  const url = URL.parse(target);
  const forward = head
    .replace(target, `${url?.pathname}${url?.search}`)
    .replace(/^proxy-authorization:.*\r\n/im, '')
    .replace(/^connection:.*\r\n/im, 'connection: close\r\n');
  return { target: `${url?.hostname}:${url?.port || 80}`, forward, socket, proxy };
}

function isSignedIn(head: string, { options }: FaultProxy): boolean {
  if (!options.credentials) return true;
  const { username, password } = options.credentials;
  const sent = /^proxy-authorization: Basic (\S+)\r$/im.exec(head)?.[1] ?? '';
  return Buffer.from(sent, 'base64').toString() === `${username}:${password}`;
}
