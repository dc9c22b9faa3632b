import { createHmac, randomBytes } from 'node:crypto';
import type { Executor } from '../db/create-db.ts';
import type { SuppressionKind } from '../db/schema/vocabulary.ts';
import type { NormalizedLead } from './lead.ts';

export interface SuppressionEntry {
  kind: SuppressionKind;
  hash: Buffer;
}

const SETTING = 'suppression_key';

/**
 * The keyed hash under which a value is suppressed (HMAC-SHA-256): an erased person is recognised, yet not kept in clear.
 * E-mails, domains and addresses compare without regard to case; phones are E.164.
 */
export function suppressionHash(key: Buffer, kind: SuppressionKind, value: string): Buffer {
  return createHmac('sha256', key).update(`${kind}:${value.trim().toLowerCase()}`).digest();
}

/** Everything under which this lead could be suppressed. */
export function suppressionEntriesOf(
  lead: Pick<NormalizedLead, 'email' | 'phone' | 'address' | 'city' | 'state'>,
  key: Buffer,
): SuppressionEntry[] {
  const entry = (kind: SuppressionKind, value: string | null | undefined): SuppressionEntry[] =>
    value ? [{ kind, hash: suppressionHash(key, kind, value) }] : [];
  return [
    ...entry('email', lead.email),
    ...entry('domain', lead.email?.split('@')[1]),
    ...entry('phone', lead.phone),
    ...entry('address', lead.address ? addressOf(lead) : null),
  ];
}

/** The form in which an address is suppressed: street, city and state, so that the same street elsewhere is not hit. */
export function addressOf(lead: Pick<NormalizedLead, 'address' | 'city' | 'state'>): string {
  return [lead.address, lead.city, lead.state].filter(Boolean).join(', ');
}

/** The key that all machines share. Made on first use; of several that try at once, one wins and all get its key. */
export async function getSuppressionKey(executor: Executor): Promise<Buffer> {
  const found = await executor.query<{ value: string }>('select value from app_settings where key = $1', [SETTING]);
  if (found[0]) return Buffer.from(found[0].value, 'base64');
  const made = await executor.query<{ value: string }>(
    `insert into app_settings (key, value) values ($1, to_jsonb($2::text))
     on conflict (key) do update set key = excluded.key
     returning value`,
    [SETTING, randomBytes(32).toString('base64')],
  );
  return Buffer.from(made[0]?.value ?? '', 'base64');
}

/** Adds values to the list; those already on it stay as they are. */
export async function addSuppressions(
  executor: Executor,
  values: readonly { kind: SuppressionKind; value: string; reason?: string }[],
): Promise<void> {
  const key = await getSuppressionKey(executor);
  await executor.query(
    `insert into suppressions (kind, value_hash, reason)
     select kind, value_hash, reason from unnest($1::text[], $2::bytea[], $3::text[]) as given (kind, value_hash, reason)
     on conflict do nothing`,
    [
      values.map((entry) => entry.kind),
      values.map((entry) => suppressionHash(key, entry.kind, entry.value)),
      values.map((entry) => entry.reason ?? null),
    ],
  );
}
