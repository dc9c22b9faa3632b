import type { Role } from '../db/schema/vocabulary.ts';

/** A row of GET /api/tokens. The token itself is shown once, when it is made. */
export interface ApiToken {
  id: number;
  name: string;
  role: Role;
  /** Of a bot's token: the only sources that it may claim; null is all. */
  sources: string[] | null;
  createdAt: string;
  /** To the minute. */
  lastUsedAt: string | null;
  /** Null: never. */
  expiresAt: string | null;
  revokedAt: string | null;
}

/** POST /api/tokens */
export interface ApiNewToken extends ApiToken {
  /** Not kept: whoever loses it makes another one. */
  token: string;
}
