import { HostNotReadyError } from '#lib/errors.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import { type HostPacer, type HostSlot, type SlotRequest, WAIT_MAX_MS } from './host-pacer.ts';
import { Turnstile } from './turnstile.ts';

const BACKOFF_BASE_MS = 5_000;
const BACKOFF_MAX_MS = 3_600_000;
const DECAY_MIN_MS = 60_000;

interface HostPace {
  answeredAt: number;
  backoffUntil: number;
  decaysAt: number;
  strikes: number;
  pausedUntil: number;
  pauseReason: string;
}

/** The same rules as the database's functions, for this process alone: stand-alone scrapers and tests. */
export class LocalHostPacer implements HostPacer {
  readonly #paces = new Map<string, HostPace>();
  readonly #turnstile = new Turnstile();
  readonly #waitMaxMs: number;

  constructor(options: { waitMaxMs?: number } = {}) {
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS;
  }

  async reserve(request: SlotRequest, signal: AbortSignal): Promise<HostSlot> {
    const { hostKey, gapMs } = request;
    const deadline = performance.now() + this.#waitMaxMs;
    const leave = await this.#turnstile.enter(hostKey, this.#waitMaxMs, signal);
    if (leave === null) throw notReady(hostKey, gapMs, 'many requests are waiting for it');
    try {
      const pace = this.#paceOf(hostKey);
      const now = performance.now();
      if (pace.pausedUntil > now) throw notReady(hostKey, pace.pausedUntil - now, pace.pauseReason);
      const startAt = Math.max(now, pace.answeredAt + gapMs, pace.backoffUntil);
      if (startAt > deadline) throw notReady(hostKey, startAt - now, 'pacing');
      await sleepUnlessAborted(startAt - now, signal);
      return slotOf(pace, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number> {
    const pace = this.#paceOf(hostKey);
    const now = performance.now();
    const askedMs = Math.min(Math.max(retryAfterMs ?? 0, 0), BACKOFF_MAX_MS);
    if (pace.backoffUntil > now) {
      pace.backoffUntil = Math.max(pace.backoffUntil, now + askedMs);
      return pace.backoffUntil - now;
    }
    pace.strikes = pace.decaysAt > now ? Math.min(pace.strikes + 1, 12) : 1;
    const ownMs = pace.strikes === 1 && askedMs > 0 ? 0 : BACKOFF_BASE_MS * 2 ** (pace.strikes - 1);
    const delayMs = Math.min(Math.max(askedMs, ownMs), BACKOFF_MAX_MS);
    pace.backoffUntil = now + delayMs;
    pace.decaysAt = pace.backoffUntil + Math.max(delayMs, DECAY_MIN_MS);
    return delayMs;
  }

  async pause(hostKey: string, pauseMs: number, reason: string): Promise<void> {
    const pace = this.#paceOf(hostKey);
    pace.pausedUntil = Math.max(pace.pausedUntil, performance.now() + pauseMs);
    pace.pauseReason = reason;
  }

  #paceOf(hostKey: string): HostPace {
    const known = this.#paces.get(hostKey);
    if (known) return known;
    const pace = {
      answeredAt: Number.NEGATIVE_INFINITY,
      backoffUntil: 0,
      decaysAt: 0,
      strikes: 0,
      pausedUntil: 0,
      pauseReason: '',
    };
    this.#paces.set(hostKey, pace);
    return pace;
  }
}

function slotOf(pace: HostPace, leave: () => void): HostSlot {
  let answeredAt: number | null = null;
  return {
    noteAnswer: () => {
      answeredAt ??= performance.now();
    },
    release: async (served) => {
      pace.answeredAt = Math.max(pace.answeredAt, answeredAt ?? performance.now());
      if (served && pace.backoffUntil <= performance.now()) pace.strikes = Math.max(0, pace.strikes - 1);
      leave();
    },
  };
}

function notReady(hostKey: string, waitMs: number, reason: string): HostNotReadyError {
  const retryMs = Math.max(1000, Math.round(waitMs));
  return new HostNotReadyError(`"${hostKey}" may not be asked for another ${retryMs} ms: ${reason}`, retryMs, {
    context: { hostKey, reason },
  });
}
