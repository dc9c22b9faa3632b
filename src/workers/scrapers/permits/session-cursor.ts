import type { SessionPart, SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import type { Portal } from '#lib/portals/portal.ts';
import { isObject } from './json-body.ts';
import type { WalkPosition } from './page-walk.ts';

/** Where the reading of one portal stands. */
export interface PortalState {
  state: SessionPart['state'];
  rows: number;
  leads: number;
  pages: number;
  note?: string;
  /** Start of the window, fixed at the portal's first page so that a resumed session asks for the same rows. */
  since?: string | null;
  /** The latest row date seen, for the watermark. */
  latest?: string;
  plan?: unknown;
  position?: WalkPosition;
}

/** The cursor of a permits session: all its portals. */
export interface SessionCursor {
  version: 1;
  /** How often the session ended with portals to be tried again. */
  attempts: number;
  /** How often it ended because a publisher asked for less. */
  waits: number;
  portals: Record<string, PortalState>;
}

/** The cursor of an earlier attempt, or a fresh one where there is none or it is not ours. */
export function parseCursor(cursor: unknown): SessionCursor {
  const isOurs = isObject(cursor) && cursor.version === 1 && isObject(cursor.portals);
  if (isOurs) return structuredClone(cursor) as unknown as SessionCursor;
  return { version: 1, attempts: 0, waits: 0, portals: {} };
}

export const NEW_PORTAL: PortalState = { state: 'waiting', rows: 0, leads: 0, pages: 0 };

/** What people see of the session: a sentence, sums, and one line per portal. */
export function progressOf(cursor: SessionCursor, portals: readonly Portal[], message: string): SessionProgress {
  const parts = portals.map((portal): SessionPart => {
    const { state, rows, leads, note } = cursor.portals[portal.id] ?? NEW_PORTAL;
    const demo = portal.origin === 'demo' ? { demo: true } : {};
    return { id: portal.id, name: portal.name, state, rows, leads, ...(note ? { note } : {}), ...demo };
  });
  const sum = (count: (state: PortalState) => number): number =>
    Object.values(cursor.portals).reduce((total, state) => total + count(state), 0);
  return {
    message,
    done: parts.filter((part) => part.state !== 'waiting' && part.state !== 'reading').length,
    total: parts.length,
    pages: sum((state) => state.pages),
    rows: sum((state) => state.rows),
    parts,
  };
}
