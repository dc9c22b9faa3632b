import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TestCertificate } from './test-certificates.ts';

export interface SecureSite {
  port: number;
  /** `host:port`, as an allow list wants it. */
  host: string;
  /** What was asked: HTTP version, Host, the server name of the handshake, and the path. */
  asked: { httpVersion: string; host: string; servername: string; path: string }[];
  close(): Promise<void>;
}

/** An https server on a free port of 127.0.0.1 that says "hello", in HTTP/2 to those who ask for it. */
export async function startSecureSite(certificate: TestCertificate): Promise<SecureSite> {
  const asked: SecureSite['asked'] = [];
  const sockets = new Set<TLSSocket>();
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
    const socket = (request.stream?.session?.socket ?? request.socket) as TLSSocket;
    asked.push({
      httpVersion: request.httpVersion,
      host: request.headers.host ?? request.headers[':authority'] ?? '',
      servername: String(socket.servername || ''),
      path: request.url,
    });
    response.end('hello');
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  // Clients that do not like the certificate hang up.
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
