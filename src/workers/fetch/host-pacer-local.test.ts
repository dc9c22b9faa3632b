import { describe, expect, it } from 'vitest';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import { LocalHostPacer } from './host-pacer-local.ts';

const never = new AbortController().signal;
const request = {
  hostKey: 'example.com',
  workerId: 'w',
  sessionId: null,
  floorMs: 40,
  robotsMs: 0,
  maxInflight: 1,
  timeoutMs: 60_000,
};

describe('LocalHostPacer', () => {
  it('lets one in at a time, in order, a gap after the answer before', async () => {
    const pacer = new LocalHostPacer();
    const starts: { turn: number; at: number }[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (turn) => {
        const slot = await pacer.reserve(request, never);
        starts.push({ turn, at: performance.now() });
        slot.noteAnswer();
        await slot.release({ kind: 'served' });
      }),
    );
    expect(starts.map((start) => start.turn)).toEqual([0, 1, 2, 3]);
    for (const [index, start] of starts.slice(1).entries()) {
      expect(start.at - (starts[index]?.at ?? 0)).toBeGreaterThanOrEqual(40);
    }
  });

  it('lets the next one in when a waiter is ended or has waited too long', async () => {
    const pacer = new LocalHostPacer({ waitMaxMs: 100 });
    const held = await pacer.reserve(request, never);
    const ending = new AbortController();
    const ended = pacer.reserve(request, ending.signal).catch((error) => error);
    ending.abort(new Error('ended'));
    expect(await ended).toMatchObject({ message: 'ended' });
    expect(await pacer.reserve(request, never).catch((error) => error)).toMatchObject({ code: 'host_not_ready' });
    await held.release({ kind: 'served' });
    await (await pacer.reserve(request, never)).release({ kind: 'served' });
  });

  it('counts refusals that come together once', async () => {
    const pacer = new LocalHostPacer();
    const burst = await Promise.all([1, 2, 3].map(() => pacer.reportBackoff('a', null)));
    expect(Math.max(...burst)).toBeLessThanOrEqual(5000);
    expect(await pacer.reportBackoff('b', 1e12)).toBe(86_400_000);
  });

  it('lets three in at a time where that is allowed, a gap apart, and the fourth when one has left', async () => {
    const pacer = new LocalHostPacer();
    const three = { ...request, maxInflight: 3 };
    const begunAt = performance.now();
    const starts: number[] = [];
    const held = [];
    for (let turn = 0; turn < 3; turn += 1) {
      held.push(await pacer.reserve(three, never));
      starts.push(performance.now());
    }
    let fourth = false;
    const waiting = pacer.reserve(three, never).then((slot) => {
      fourth = true;
      return slot;
    });
    await sleepUnlessAborted(100, never);
    expect(fourth).toBe(false);
    const leftAt = performance.now();
    await held[1]?.release({ kind: 'served' });
    await (await waiting).release({ kind: 'served' });
    starts.push(performance.now());
    // Each is noted a moment after it was let in, so gaps are counted from before the first.
    expect(starts.map((at, turn) => at - begunAt >= 40 * turn)).toEqual([true, true, true, true]);
    expect((starts[3] ?? 0) - leftAt).toBeGreaterThanOrEqual(40);
  });

  it('makes the gap longer after an error and comes back when the host serves again', async () => {
    const pacer = new LocalHostPacer();
    const failing = await pacer.reserve(request, never);
    const failedAt = performance.now();
    await failing.release({ kind: 'error', error: 'status 500' });
    await (await pacer.reserve(request, never)).release({ kind: 'served' });
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(250);
  });

  it('keeps a request back that waits while another makes the host ask for less', async () => {
    const pacer = new LocalHostPacer({ waitMaxMs: 500 });
    const pair = { ...request, maxInflight: 2 };
    const first = await pacer.reserve(pair, never);
    const second = pacer.reserve(pair, never).catch((error) => error);
    await pacer.reportBackoff('example.com', 60_000);
    await first.release({ kind: 'throttled', error: 'status 429' });
    expect(await second).toMatchObject({ code: 'host_not_ready' });
  });
});
