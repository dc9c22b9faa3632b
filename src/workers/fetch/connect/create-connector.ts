import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { FetchFailureError } from '../http-outcome.ts';
import { limitReading } from './limit-reading.ts';
import type { Opener } from './opener.ts';
import type { OpeningLedger } from './opening-ledger.ts';
import type { SecureSocket } from './secure-socket.ts';

export interface ConnectorParts {
  open: Opener;
  /** For TLS with sites. */
  secure: SecureSocket;
  ledger: OpeningLedger;
  /** For everything up to the last handshake. */
  timeoutMs: number;
  /** Of one answer, everything that is no body included. */
  answerBytesMax: number;
}

/** Makes undici open its connections in our way: by an opener, then TLS where the URL wants it, within one deadline. */
export function createConnector(parts: ConnectorParts): buildConnector.connector {
  return (target, callback) => {
    openFor(target, parts).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

async function openFor(target: buildConnector.Options, parts: ConnectorParts): Promise<Socket> {
  const { open, secure, ledger, timeoutMs, answerBytesMax } = parts;
  const opening = ledger.admit(`${target.protocol}//${target.host ?? target.hostname}`);
  if (opening === null) {
    throw new FetchFailureError('network', 'The connection was lost before the request could be sent');
  }
  const endpoint = {
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: Number(target.port) || (target.protocol === 'https:' ? 443 : 80),
  };
  const { signal } = opening.ending;
  const timer = setTimeout(() => opening.ending.abort(), timeoutMs);
  try {
    const socket = await open(endpoint, signal);
    const speaking = target.protocol === 'https:' ? await secure(socket, endpoint, signal) : socket;
    return limitReading(speaking, answerBytesMax);
  } finally {
    clearTimeout(timer);
    opening.settle();
  }
}
