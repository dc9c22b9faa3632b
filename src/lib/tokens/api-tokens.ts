import { z } from 'zod';
import type { ApiToken } from '../api/token.ts';
import type { Executor, QueryRow } from '../db/create-db.ts';
import { ROLES, type Role } from '../db/schema/vocabulary.ts';
import { invariant } from '../invariant.ts';
import { sourceNameSchema } from '../source-name.ts';
import { createToken, hashToken } from './token-hash.ts';

/** Tells people, and programs that look for leaked secrets, what it is. */
const PREFIX = 'eko_';
const TOKEN_FORM = /^eko_[\w-]{43}$/;
const LISTED_MAX = 1_000;

/** What is asked for when a token is made, by the API and by the command line. */
export const newApiTokenSchema = z
  .strictObject({
    name: z.string('must be a text').trim().min(1, 'must say what the token is for').max(100),
    role: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`),
    /** Of a bot's token: the only sources that it may claim; all unless given. */
    sources: z.array(sourceNameSchema, 'must be a list of names').min(1).max(50).optional(),
    /** Until when it is good; for ever unless given. */
    expiresInDays: z
      .number('must be a whole number of days')
      .int('must be a whole number of days')
      .min(1, 'must be at least 1')
      .max(3650, 'must be at most 3650')
      .optional(),
  })
  .refine((input) => input.sources === undefined || input.role === 'bot', {
    path: ['sources'],
    message: 'only limits the role "bot"',
  });

type NewApiToken = z.output<typeof newApiTokenSchema>;

/** A token that a request carried and that is good. */
export interface TokenHolder {
  tokenId: number;
  role: Role;
  /** The only sources that it may claim; null is all. */
  sources: string[] | null;
}

const COLUMNS = `id, name, role, sources, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt",
  revoked_at as "revokedAt"`;

type TokenRow = Omit<ApiToken, 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'revokedAt'> & {
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
};

/** Makes a token. Its text is in this answer and nowhere else: only its hash is kept. */
export async function createApiToken(db: Executor, input: NewApiToken): Promise<{ token: string; record: ApiToken }> {
  const token = `${PREFIX}${createToken()}`;
  const [row] = await db.query<TokenRow & QueryRow>(
    `insert into api_tokens (token_hash, name, role, sources, created_at, expires_at)
     values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + make_interval(days => $5::int)) returning ${COLUMNS}`,
    [hashToken(token), input.name, input.role, input.sources ?? null, input.expiresInDays ?? null],
  );
  invariant(row, 'an insert returns its row');
  return { token, record: toApiToken(row) };
}

/** The newest tokens, revoked ones included, without their texts. */
export async function listApiTokens(db: Executor): Promise<ApiToken[]> {
  const rows = await db.query<TokenRow & QueryRow>(
    `select ${COLUMNS} from api_tokens order by revoked_at is not null, id desc limit ${LISTED_MAX}`,
  );
  return rows.map(toApiToken);
}

/** Ends a token at once and for ever; null when there is none of this id. Safe to repeat. */
export async function revokeApiToken(db: Executor, id: number): Promise<ApiToken | null> {
  const [row] = await db.query<TokenRow & QueryRow>(
    `update api_tokens set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1 returning ${COLUMNS}`,
    [id],
  );
  return row ? toApiToken(row) : null;
}

/**
 * Who holds this token; null for one that is unknown, expired or revoked. Asked with each request, so a revoked token ends
 * with its next one; what cannot be a token of ours costs no query. Notes the use, once a minute.
 */
export async function findTokenHolder(db: Executor, token: string): Promise<TokenHolder | null> {
  if (!TOKEN_FORM.test(token)) return null;
  const [row] = await db.query<TokenHolder & { stale: boolean } & QueryRow>(
    `select id as "tokenId", role, sources,
       coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) as stale
     from api_tokens
     where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`,
    [hashToken(token)],
  );
  if (!row) return null;
  const { stale, ...holder } = row;
  if (stale) await db.query('update api_tokens set last_used_at = clock_timestamp() where id = $1', [holder.tokenId]);
  return holder;
}

/** Of these tokens those that are revoked, expired or no longer there. */
export async function findEndedTokens(db: Executor, tokenIds: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ id: number } & QueryRow>(
    `select given.id from unnest($1::bigint[]) as given(id)
     left join api_tokens token on token.id = given.id and token.revoked_at is null
       and (token.expires_at is null or token.expires_at > clock_timestamp())
     where token.id is null`,
    [tokenIds],
  );
  return rows.map(({ id }) => id);
}

function toApiToken(row: TokenRow): ApiToken {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
