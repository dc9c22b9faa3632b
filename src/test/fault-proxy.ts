import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { choosePort } from './choose-port.ts';
import { speakHttpProxy } from './fault-proxy-http.ts';
import type { FaultProxy, FaultProxyOptions } from './fault-proxy-modes.ts';
import { speakSocks5 } from './fault-proxy-socks5.ts';

/** A real proxy on a free port of 127.0.0.1 that works or fails as told. */
export async function startFaultProxy(
  protocol: 'http' | 'socks5',
  options: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const speak = protocol === 'http' ? speakHttpProxy : speakSocks5;
  const open = new Set<Socket>();
  const onConnection = (socket: Socket) => {
    proxy.connections += 1;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    speak(socket, proxy);
  };
  const server = options.tls ? createTlsServer(options.tls, onConnection) : createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FaultProxy = {
    address: {
      protocol: options.tls ? 'https' : protocol,
      host: '127.0.0.1',
      port,
      username: options.credentials?.username ?? null,
      password: options.credentials?.password ?? null,
    },
    host: `127.0.0.1:${port}`,
    options: { mode: 'works', ...options },
    tunnels: [],
    forwarded: [],
    connections: 0,
    open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
  return proxy;
}

/** The address of a proxy that is not there any more: its port is closed. */
export async function startDeadProxy(protocol: 'http' | 'socks5'): Promise<FaultProxy> {
  const proxy = await startFaultProxy(protocol);
  await proxy.close();
  // Its own may be given to somebody else now.
  const port = await choosePort();
  return { ...proxy, address: { ...proxy.address, port }, host: `127.0.0.1:${port}` };
}
