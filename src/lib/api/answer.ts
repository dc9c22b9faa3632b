import type { Role } from '../db/schema/vocabulary.ts';

/** The JSON of the HTTP API, as routes send it and the dashboard reads it. Every time in src/lib/api is ISO 8601 with its zone. */

export interface ApiPage<T> {
  items: T[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

export interface ApiErrorBody {
  error: { code: string; message: string; details?: ApiErrorDetail[] };
}

/** One field that was refused, such as `{ field: "location", message: "…" }`. */
export interface ApiErrorDetail {
  field: string;
  message: string;
}

/** GET /healthz */
export interface ApiHealth {
  status: 'ok' | 'degraded';
  database: 'ok' | 'unreachable';
  /** Whether its schema and this program go together: it may be behind the program or ahead of it. */
  schema: 'ok' | 'behind' | 'ahead' | 'unknown';
  version: string;
}

/** GET /api/auth/me */
export interface ApiAccount {
  role: Role;
}

/** The data of a "change" message of GET /api/events: what to fetch again, never rows. */
export interface ApiChange {
  topics: string[];
  sessionIds?: number[];
}
