import type { Executor } from '#lib/db/create-db.ts';

/** The channel on which runtime and server announce that something that people look at has changed. */
export const EVENTS_CHANNEL = 'eko_events';

export const EVENT_TOPICS = ['sessions', 'leads', 'workers', 'portals', 'proxies', 'hosts', 'schedules'] as const;
export type EventTopic = (typeof EVENT_TOPICS)[number];

/** An invalidation, never rows. `sessionIds` names the sessions concerned; absent means "any". */
export interface EkoEvent {
  topics: EventTopic[];
  sessionIds?: number[];
}

/** More sessions than this in one announcement are announced as "any". */
const SESSION_IDS_MAX = 50;

export interface EventPublisher {
  publish(topics: readonly EventTopic[], sessionIds?: readonly number[]): void;
  /** Sends what is collected; never throws. */
  flush(): Promise<void>;
  /** Sends the rest and takes nothing more. */
  close(): Promise<void>;
}

/** Sends one announcement; what it throws is ignored. */
export type SendEvent = (event: EkoEvent) => Promise<unknown>;

/**
 * Through PostgreSQL, to all processes. Each announcement is a statement of its own, so that a full notification queue fails no
 * transaction.
 */
export function createEventPublisher(db: Executor, intervalMs?: number): EventPublisher {
  return collectEvents(sendThroughPg(db), intervalMs);
}

export function sendThroughPg(db: Executor): SendEvent {
  return (event) => db.query('select pg_notify($1, $2)', [EVENTS_CHANNEL, JSON.stringify(event)]);
}

/**
 * Collects announcements and sends them together: the first at once, then at most one every `intervalMs`. One that cannot be
 * sent is dropped, for pages also look by themselves. Sends nothing while nothing happens.
 */
export function collectEvents(send: SendEvent, intervalMs = 250): EventPublisher {
  let pending = new PendingEvent();
  let timer: NodeJS.Timeout | null = null;
  let sending: Promise<void> = Promise.resolve();
  let lastSentAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const flush = async (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (!pending.isEmpty) {
      const event = pending.toEvent();
      pending = new PendingEvent();
      lastSentAt = performance.now();
      sending = sending.then(() => send(event)).then(noop, noop);
    }
    await sending;
  };

  return {
    publish(topics, sessionIds) {
      if (closed) return;
      pending.add(topics, sessionIds);
      timer ??= setTimeout(flush, Math.max(0, lastSentAt + intervalMs - performance.now()));
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

class PendingEvent {
  readonly #topics = new Set<EventTopic>();
  readonly #sessionIds = new Set<number>();
  #anySession = false;

  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  add(topics: readonly EventTopic[], sessionIds?: readonly number[]): void {
    for (const topic of topics) this.#topics.add(topic);
    for (const id of sessionIds ?? []) this.#sessionIds.add(id);
    const aboutSessions = topics.includes('sessions') || topics.includes('leads');
    if ((aboutSessions && !sessionIds) || this.#sessionIds.size > SESSION_IDS_MAX) this.#anySession = true;
  }

  toEvent(): EkoEvent {
    const named = !this.#anySession && this.#sessionIds.size > 0;
    return { topics: [...this.#topics], ...(named ? { sessionIds: [...this.#sessionIds] } : {}) };
  }
}

/** Parses a payload of the channel; null for one that is not ours. */
export function parseEvent(payload: string): EkoEvent | null {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== 'object' || value === null || !('topics' in value) || !Array.isArray(value.topics))
      return null;
    const topics = EVENT_TOPICS.filter((topic) => (value.topics as unknown[]).includes(topic));
    const ids = 'sessionIds' in value && Array.isArray(value.sessionIds) ? value.sessionIds : null;
    return { topics, ...(ids ? { sessionIds: ids.filter((id) => Number.isSafeInteger(id)) as number[] } : {}) };
  } catch {
    // Anybody who may connect can notify; a text that is no JSON is simply not for us.
    return null;
  }
}

function noop(): void {}
