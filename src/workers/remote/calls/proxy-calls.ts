import { z } from 'zod';
import { PROXY_STATUSES } from '#lib/db/schema/vocabulary.ts';
import { call, count, id, ms, name, nothing, words } from './call.ts';

const status = z.enum(PROXY_STATUSES);

const sealedProxy = {
  id,
  protocol: z.enum(['http', 'https', 'socks5']),
  host: name,
  port: z.int(),
  username: words.nullable(),
  passwordEncrypted: words.nullable(),
};

const usableProxy = z.strictObject({
  ...sealedProxy,
  status: z.enum(['active', 'testing']),
  tier: z.int(),
  maxInflight: count,
  successRate: z.number().nullable(),
  avgResponseTimeMs: z.number().nullable(),
});

const event = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('used'),
    effect: z.enum(['success', 'fault', 'half-fault', 'bad-credentials', 'ban', 'neutral']),
    durationMs: ms,
    error: words.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('check-started') }),
  z.strictObject({ kind: z.literal('check-passed'), durationMs: ms }),
  z.strictObject({ kind: z.literal('check-failed'), durationMs: ms, error: words, badCredentials: z.boolean() }),
  z.strictObject({ kind: z.literal('check-undecided'), error: words }),
]);

const changes = z.array(z.strictObject({ id, before: status, after: status }));

/** What the workers of all machines know of proxies. Passwords stay encrypted: who reads them has the secret key itself. */
export const PROXY_CALLS = {
  listProxies: call(
    {},
    z.strictObject({
      proxies: z.array(usableProxy),
      bans: z.array(z.strictObject({ proxyId: id, hostKey: name, remainingMs: z.number() })),
    }),
  ),
  findProxy: call({ id }, z.strictObject(sealedProxy).nullable()),
  countProxies: call({}, z.partialRecord(status, count)),
  banProxy: call(
    { proxyId: id, hostKey: name, reason: words },
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('banned'), remainingMs: z.number() }),
      z.strictObject({ kind: z.literal('host-paused'), pauseMs: z.number() }),
      z.strictObject({ kind: z.literal('gone') }),
    ]),
  ),
  relaxBans: call({ pairs: z.array(z.strictObject({ proxyId: id, hostKey: name })).max(10_000) }, nothing),
  noteProxyEvents: call(
    { proxies: z.array(z.strictObject({ id, events: z.array(event).max(10_000) })).max(10_000) },
    changes,
  ),
  noteProxyCheck: call(
    { id, event, sight: z.strictObject({ exitAddress: words, headerLeaks: z.array(words) }).nullable() },
    changes,
  ),
  claimProxyChecks: call({ limit: count, except: z.array(id).max(10_000), passwordsToo: z.boolean() }, changes),
  nextProxyCheck: call({}, z.number().nullable()),
};
