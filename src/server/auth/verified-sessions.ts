import type { Role } from '#lib/db/schema/vocabulary.ts';

const GRACE_MS = 10 * 60_000;
const SESSIONS_MAX = 1_000;

/**
 * Who was signed in when the database was last asked. Used only while the database is away, so that a page can still say
 * so instead of sending its reader to a sign-in that cannot work either.
 */
export class VerifiedSessions {
  readonly #sessions = new Map<string, { role: Role; verifiedAtMs: number }>();

  remember(tokenHash: Buffer, role: Role, nowMs = Date.now()): void {
    if (this.#sessions.size >= SESSIONS_MAX) this.#sessions.clear();
    this.#sessions.set(tokenHash.toString('hex'), { role, verifiedAtMs: nowMs });
  }

  /** The role, when the session was good within the last ten minutes; else null. */
  find(tokenHash: Buffer, nowMs = Date.now()): Role | null {
    const session = this.#sessions.get(tokenHash.toString('hex'));
    return session && nowMs - session.verifiedAtMs < GRACE_MS ? session.role : null;
  }

  forget(tokenHash: Buffer): void {
    this.#sessions.delete(tokenHash.toString('hex'));
  }
}
