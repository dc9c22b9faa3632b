import type { LookupAddress } from 'node:dns';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { FetchFailureError } from '../http-outcome.ts';
import type { EndpointGuard } from './endpoint-guard.ts';
import { type Endpoint, formatEndpoint, type Opener } from './opener.ts';
import { dnsSilent, type ResolveHost, resolveInTime } from './resolve-host.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Before the next address of a name is tried. Node's 250 ms gives up on hosts that are merely far away. */
const ADDRESS_ATTEMPT_MS = 1_000;

/** Connects straight to public endpoints. */
export function openGuarded(guard: EndpointGuard): Opener {
  return async (endpoint, signal) => {
    const addresses = await unlessAborted(guard.resolve(endpoint), signal, () => dnsSilent(endpoint.host));
    const socket = await openSocket(endpoint, addresses, signal);
    try {
      // Without an address the other side has already hung up.
      if (socket.remoteAddress === undefined)
        throw new FetchFailureError('network', 'The connection was closed at once');
      guard.checkAddress(endpoint, socket.remoteAddress);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

/** Connects straight to an endpoint that the operator of this machine named: it may well be in the local network. */
export function openTrusted(resolve: ResolveHost): Opener {
  return async (endpoint, signal) => {
    const addresses = await unlessAborted(resolveInTime(resolve, endpoint.host), signal, () =>
      dnsSilent(endpoint.host),
    );
    return await openSocket(endpoint, addresses, signal);
  };
}

function openSocket(endpoint: Endpoint, addresses: readonly LookupAddress[], signal: AbortSignal): Promise<Socket> {
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    lookup: answerWith(addresses),
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    noDelay: true,
  });
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    // Stays for the socket's whole life: what goes wrong later is told by whoever uses it, and must not end the process.
    socket.on('error', reject);
    socket.once('close', () => reject(noAnswer(endpoint)));
  });
  return unlessAborted(connected, signal, () => {
    socket.destroy();
    return noAnswer(endpoint);
  });
}

/** A lookup that knows the answer: what was checked is what is connected to. */
function answerWith(addresses: readonly LookupAddress[]): LookupFunction {
  return (hostname, options, callback) => {
    const first = addresses[0];
    if (first === undefined) callback(new FetchFailureError('host-unknown', `No address of "${hostname}"`), '');
    else if (options.all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

function noAnswer(endpoint: Endpoint): FetchFailureError {
  return new FetchFailureError('timeout', `No connection to ${formatEndpoint(endpoint)} in time`);
}
