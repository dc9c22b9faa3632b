import type { PROXY_CALLS } from '#workers/remote/calls/proxy-calls.ts';
import { type CallHandlers, done } from './call-context.ts';

export const PROXY_HANDLERS: CallHandlers<keyof typeof PROXY_CALLS> = {
  listProxies: ({ ports }) => ports.proxies.listUsable(),
  findProxy: ({ ports }, { id }) => ports.proxies.find(id),
  countProxies: ({ ports }) => ports.proxies.count(),
  banProxy: ({ ports }, ban) => ports.proxies.ban(ban),
  relaxBans: ({ ports }, { pairs }) => done(ports.proxies.relaxBans(pairs)),
  noteProxyEvents: ({ ports }, { proxies }) =>
    ports.proxies.apply(new Map(proxies.map(({ id, events }) => [id, events]))),
  noteProxyCheck: ({ ports }, { id, event, sight }) => ports.proxies.applyCheck(id, event, sight),
  claimProxyChecks: ({ ports }, { limit, except, passwordsToo }) =>
    ports.proxies.claimChecks(limit, except, passwordsToo),
  nextProxyCheck: ({ ports }) => ports.proxies.nextCheckInMs(),
};
