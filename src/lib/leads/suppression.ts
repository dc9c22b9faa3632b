import { createHmac, randomBytes } from 'node:crypto';
import type { Executor } from '../db/create-db.ts';
import type { SuppressionKind } from '../db/schema/vocabulary.ts';
import type { NormalizedLead } from './lead.ts';
import { suppressionValue } from './suppression-value.ts';

export interface SuppressionEntry {
  kind: SuppressionKind;
  hash: Buffer;
}

const SETTING = 'suppression_key';

/** What of a lead can be on the list. */
export type SuppressionSubject = Pick<NormalizedLead, 'email' | 'phone' | 'address' | 'city' | 'state' | 'zip'>;

/**
 * The keyed hash under which a value is suppressed (HMAC-SHA-256): an erased person is recognised, yet not kept in clear.
 * Values are brought to one form first, so "(404) 555-0123" and "404.555.0123" are the same entry.
 */
export function suppressionHash(key: Buffer, kind: SuppressionKind, value: string): Buffer {
  return createHmac('sha256', key)
    .update(`${kind}:${suppressionValue(kind, value)}`)
    .digest();
}

/** Everything under which this lead could be suppressed. */
export function suppressionEntriesOf(lead: SuppressionSubject, key: Buffer): SuppressionEntry[] {
  const entry = (kind: SuppressionKind, value: string): SuppressionEntry => ({
    kind,
    hash: suppressionHash(key, kind, value),
  });
  return [
    ...(lead.email ? [entry('email', lead.email)] : []),
    ...domainsOf(lead.email).map((domain) => entry('domain', domain)),
    ...(lead.phone ? [entry('phone', lead.phone)] : []),
    ...addressesOf(lead).map((address) => entry('address', address)),
  ];
}

/** Labels looked at from the right; deeper names are suppressed by one of these. */
const MAX_LABELS = 5;

/** "mail.example.org" is suppressed by "example.org", too. */
function domainsOf(email: string | null): string[] {
  const labels = email?.slice(email.lastIndexOf('@') + 1).split('.') ?? [];
  const count = Math.min(labels.length, MAX_LABELS);
  return Array.from({ length: Math.max(0, count - 1) }, (_, index) => labels.slice(index - count).join('.'));
}

/** The forms in which people give an address: never the street alone, which other towns have as well. */
function addressesOf({ address, city, state, zip }: SuppressionSubject): string[] {
  if (!address) return [];
  const zip5 = zip?.slice(0, 5);
  const place = city && state ? `${address}, ${city}, ${state}` : null;
  const forms = [place, place && zip5 ? `${place} ${zip5}` : null, zip5 ? `${address}, ${zip5}` : null];
  const known = forms.filter((form) => form !== null);
  return known.length > 0 ? known : [[address, city, state].filter(Boolean).join(', ')];
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
