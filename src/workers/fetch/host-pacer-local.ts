import { HostNotReadyError } from '#lib/errors.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import {
  backedOff,
  createHostPace,
  granted,
  type HostPace,
  inflightLimit,
  paused,
  released,
  startAtOf,
} from './host-pace.ts';
import { type HostPacer, type HostSlot, type SlotRequest, type SlotResult, WAIT_MAX_MS } from './host-pacer.ts';
import { Turnstile } from './turnstile.ts';

/** How soon a request looks again whose host is at its limit with requests of others that allow fewer. */
const LOOK_AGAIN_MS = 20;

interface Host {
  pace: HostPace;
  inFlight: number;
}

/** The same rules as the database's functions, for this process alone: stand-alone scrapers and tests. */
export class LocalHostPacer implements HostPacer {
  readonly #hosts = new Map<string, Host>();
  readonly #turnstile = new Turnstile();
  readonly #waitMaxMs: number;

  constructor(options: { waitMaxMs?: number } = {}) {
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS;
  }

  async reserve(request: SlotRequest, signal: AbortSignal): Promise<HostSlot> {
    const { hostKey, floorMs, maxInflight } = request;
    const deadline = performance.now() + this.#waitMaxMs;
    const leave = await this.#turnstile.enter(hostKey, maxInflight, this.#waitMaxMs, signal);
    if (leave === null) throw notReady(hostKey, floorMs, 'many requests are waiting for it');
    try {
      const host = this.#hostOf(hostKey);
      for (;;) {
        const startAt = nextLook(host, request, deadline);
        if (startAt.grant) return await this.#grant(host, request, startAt.at, leave, signal);
        await sleepUnlessAborted(startAt.at - performance.now(), signal);
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  async reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number> {
    const host = this.#hostOf(hostKey);
    const { pace, delayMs } = backedOff(host.pace, retryAfterMs, performance.now());
    host.pace = pace;
    return delayMs;
  }

  async pause(hostKey: string, pauseMs: number, reason: string): Promise<void> {
    const host = this.#hostOf(hostKey);
    host.pace = paused(host.pace, pauseMs, reason, performance.now());
  }

  async #grant(
    host: Host,
    request: SlotRequest,
    startAt: number,
    leave: () => void,
    signal: AbortSignal,
  ): Promise<HostSlot> {
    host.pace = granted(host.pace, request, startAt, host.inFlight);
    host.inFlight += 1;
    const slot = slotOf(host, leave);
    try {
      await sleepUnlessAborted(startAt - performance.now(), signal);
      // A busy process wakes late: then the request goes out now, and the gap to the next one counts from here.
      host.pace = { ...host.pace, nextAt: Math.max(host.pace.nextAt, performance.now() + host.pace.gapMs) };
      return slot;
    } catch (error) {
      await slot.release({ kind: 'neutral' });
      throw error;
    }
  }

  #hostOf(hostKey: string): Host {
    const known = this.#hosts.get(hostKey);
    if (known) return known;
    const host = { pace: createHostPace(), inFlight: 0 };
    this.#hosts.set(hostKey, host);
    return host;
  }
}

/**
 * The slot's start, or when to look again.
 * @throws HostNotReadyError when it is too late by then.
 */
function nextLook({ pace, inFlight }: Host, request: SlotRequest, deadline: number): { grant: boolean; at: number } {
  const { hostKey } = request;
  const now = performance.now();
  if (pace.pausedUntil > now) throw notReady(hostKey, pace.pausedUntil - now, pace.pauseReason);
  const full = inFlight >= inflightLimit(pace, request, inFlight);
  const at = full ? now + LOOK_AGAIN_MS : startAtOf(pace, request, now);
  if (at > deadline) throw notReady(hostKey, at - now, full ? 'in-flight' : 'pacing');
  // While others are under way, their answers may still put the start off.
  return { grant: !full && (inFlight === 0 || at <= now), at };
}

function slotOf(host: Host, leave: () => void): HostSlot {
  let answeredAt: number | null = null;
  let givenBack = false;
  return {
    noteAnswer: () => {
      answeredAt ??= performance.now();
    },
    release: async (result: SlotResult) => {
      if (givenBack) return;
      givenBack = true;
      const now = performance.now();
      host.pace = released(host.pace, result, answeredAt ?? now, now);
      host.inFlight -= 1;
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
