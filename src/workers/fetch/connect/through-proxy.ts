import type { Socket } from 'node:net';
import type { ProxyAddress } from '#workers/proxy/proxy-url.ts';
import { classifyFailure, FetchFailureError } from '../http-outcome.ts';
import { HandshakeReader } from './handshake-reader.ts';
import { requestHttpTunnel } from './http-tunnel.ts';
import { formatEndpoint, type Opener } from './opener.ts';
import type { SecureSocket } from './secure-socket.ts';
import { requestSocks5Tunnel } from './socks5-tunnel.ts';

/** Connects to a proxy. */
export type ConnectProxy = (signal: AbortSignal) => Promise<Socket>;

/**
 * Opens tunnels through a proxy: one connection and one request for a tunnel per call, never a second try. Whatever fails
 * before the tunnel is open is the proxy's failure.
 */
export function throughProxy(proxy: ProxyAddress, connect: ConnectProxy): Opener {
  const requestTunnel = proxy.protocol === 'socks5' ? requestSocks5Tunnel : requestHttpTunnel;
  return async (endpoint, signal) => {
    const socket = await connect(signal);
    try {
      const reader = new HandshakeReader(socket, signal);
      await requestTunnel(socket, reader, endpoint, proxy);
      reader.release();
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

/**
 * Connects to the proxy by `open`, with TLS where it is an https proxy.
 * The error is FetchFailureError 'proxy-unreachable', caused by what happened on the way.
 */
export function connectProxy(proxy: ProxyAddress, open: Opener, secure: SecureSocket): ConnectProxy {
  const endpoint = { host: proxy.host.replace(/^\[|\]$/g, ''), port: proxy.port };
  return async (signal) => {
    try {
      const socket = await open(endpoint, signal);
      return proxy.protocol === 'https' ? await secure(socket, endpoint, signal) : socket;
    } catch (error) {
      const { message } = classifyFailure(error, false);
      const text = `The proxy ${formatEndpoint(endpoint)} cannot be reached: ${message}`;
      throw new FetchFailureError('proxy-unreachable', text, error);
    }
  };
}
