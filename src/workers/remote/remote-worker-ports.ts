import type { WorkerPorts } from '../ports/worker-ports.ts';
import type { HealthChange } from '../proxy/health-store.ts';
import type { ProxyEvent } from '../proxy/proxy-health.ts';
import type { ProxyStore } from '../proxy/proxy-store.ts';
import type { CallArgs } from './calls/index.ts';
import { RemoteSessionQueue } from './remote-session-queue.ts';
import type { ServerClient } from './server-client.ts';
import { sliceItems } from './slice-items.ts';

/** The ports of a worker whose machine has no database: everything goes through a server that has one. */
export function remoteWorkerPorts(client: ServerClient): WorkerPorts {
  return {
    queue: new RemoteSessionQueue(client),
    slots: slotsOf(client),
    robots: robotsOf(client),
    validators: {
      find: (source, url, parserVersion) => client.call('findValidators', { source, url, parserVersion }),
      save: async (pages) => {
        for (const slice of sliceItems(pages)) await client.call('saveValidators', { pages: slice });
      },
    },
    snapshots: {
      keep: (row) => client.call('keepSnapshot', row),
    },
    proxies: proxiesOf(client),
    portals: {
      listEnabled: (source) => client.call('listPortals', { source }),
      findWatermark: (portalId, scope) => client.call('findWatermark', { portalId, scope }),
    },
    journal: {
      addLines: (workerId, lines) => done(client.call('addLines', { workerId, lines: [...lines] })),
      addRequests: (requests) => done(client.call('addRequests', { requests: [...requests] })),
    },
    sendEvent: (event) => client.call('announce', event),
    close: () => client.close(),
  };
}

function slotsOf(client: ServerClient): WorkerPorts['slots'] {
  return {
    reserve: (wish) => client.call('reserveSlot', wish),
    release: (slot) => done(client.call('releaseSlot', slot)),
    reportBackoff: (hostKey, retryAfterMs) => client.call('reportBackoff', { hostKey, retryAfterMs }),
    pause: (hostKey, pauseMs, reason) => done(client.call('pauseHost', { hostKey, pauseMs, reason })),
  };
}

function robotsOf(client: ServerClient): WorkerPorts['robots'] {
  return {
    find: (origin) => client.call('findRobots', { origin }),
    save: (origin, finding) => done(client.call('saveRobots', { origin, finding })),
    claimLook: (origin, ttlMs) => client.call('claimLook', { origin, ttlMs }),
    endLook: (origin) => done(client.call('endLook', { origin })),
  };
}

type SentEvents = CallArgs<'noteProxyEvents'>['proxies'][number]['events'];

/** What people do to a proxy is done by the server itself. */
const isSent = (event: ProxyEvent): event is SentEvents[number] =>
  event.kind !== 'check-wanted' && event.kind !== 'disabled' && event.kind !== 'enabled';

function proxiesOf(client: ServerClient): ProxyStore {
  return {
    listUsable: () => client.call('listProxies', {}),
    find: (id) => client.call('findProxy', { id }),
    count: () => client.call('countProxies', {}),
    ban: (ban) => client.call('banProxy', ban),
    relaxBans: (pairs) => done(client.call('relaxBans', { pairs: [...pairs] })),
    apply: async (events) => {
      const proxies = [...events].map(([id, ofProxy]) => ({ id, events: ofProxy.filter(isSent) }));
      const changes: HealthChange[] = [];
      for (const slice of sliceItems(proxies)) {
        changes.push(...(await client.call('noteProxyEvents', { proxies: slice })));
      }
      return changes;
    },
    applyCheck: async (id, event, sight) => {
      return isSent(event) ? await client.call('noteProxyCheck', { id, event, sight }) : [];
    },
    claimChecks: (limit, except, passwordsToo) =>
      client.call('claimProxyChecks', { limit, except: [...except], passwordsToo }),
    nextCheckInMs: () => client.call('nextProxyCheck', {}),
  };
}

async function done(call: Promise<null>): Promise<void> {
  await call;
}
